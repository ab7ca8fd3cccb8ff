/** Variables of a Lambda function. */
export type Environment = Readonly<Record<string, string | undefined>>;
