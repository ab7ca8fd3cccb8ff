/**
 * What of AWS's words may be shown, written to a journal or sent to people. AWS quotes what it was given: Lambda's 4 KB
 * error holds all variables with their values, SageMaker's validation errors the model's environment, a wrong signature
 * the session token, a model's error whatever the container printed. So nothing is quoted but sentences that are known,
 * whose gaps hold names, ARNs and numbers. Of a sentence that goes on with values its beginning is quoted.
 */

const arn = String.raw`arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:\d*:[\w/:+=,.@*$-]{1,256}`;
const action = String.raw`[a-z0-9-]{2,40}:[A-Za-z]{2,60}`;
const name = String.raw`[\w./:+=,@$*-]{1,256}`;
const quoted = `"(?:${arn}|${name})"`;
const time = String.raw`\d{8}T\d{6}Z`;

/** Sentences that are quoted whole. */
const sentences: readonly string[] = [
  // Permissions
  String.raw`(?:User: )?${arn} is not authorized to perform: ${action}(?: on resource: (?:${arn}|${name}|${quoted}))?(?: because no [a-z -]{1,40} policy allows the ${action} action| with an explicit deny in an? [a-z -]{1,40} policy(?:: ${arn})?)?`,
  'Access Denied|Access denied|Forbidden',
  // Credentials
  'The security token included in the request is (?:invalid|expired)',
  'The provided token (?:has expired|is malformed or otherwise invalid)',
  'The AWS Access Key Id you provided does not exist in our records',
  'Could not load credentials from any providers',
  String.raw`Could not resolve credentials using profile: \[${name}\] in configuration/credentials file\(s\)`,
  String.raw`Token is expired\. To refresh this SSO session run '?aws sso login'? with the corresponding profile`,
  String.raw`Signature (?:expired|not yet current): ${time} is (?:now earlier than|still later than) ${time}(?: \(${time} [+-] \d+ min\.?\))?`,
  // Too many requests
  '(?:Rate|Request limit|Rate limit) exceeded|Too [Mm]any [Rr]equests|(?:Please r|R)educe your request rate',
  String.raw`The (?:provisioned throughput|level of configured provisioned throughput) for the table was exceeded\. Consider increasing your provisioning level with the UpdateTable API`,
  // Lambda
  'The RevisionId provided does not match the latest RevisionId. Call the Get(?:Function|Alias|Policy) API to retrieve the latest RevisionId',
  `(?:Function not found|Cannot find alias arn|Alias already exists): ${arn}`,
  `Function already exist: ${name}`,
  String.raw`The operation cannot be performed at this time\. (?:An update is in progress for resource: ${arn}|The function is currently in the following state: \w+)`,
  String.raw`CodeSHA256 \([\w+/=]{1,64}\) is different from current CodeSHA256 in \$LATEST \([\w+/=]{1,64}\)\. Please try again with the CodeSHA256 in \$LATEST`,
  'No Provisioned Concurrency Config found for this function',
  String.raw`Unable to delete version because the following aliases reference it: \[[\w, -]{1,400}\]`,
  'Code storage limit exceeded',
  // SageMaker
  `Could not find (?:endpoint|endpoint configuration|model|resource) ${quoted}`,
  `Cannot create already existing (?:endpoint|endpoint configuration|model) ${quoted}`,
  `Cannot update in-progress endpoint ${quoted}`,
  String.raw`Cannot update endpoint ${quoted} in \w+ state`,
  String.raw`Endpoint ${name} of account \d+ not found`,
  `Variant ${name} not found in endpoint ${name}`,
  String.raw`Requested image ${name} not found`,
  String.raw`Image size \d+ is greater than supported size \d+`,
  'Request to service failed. If failure persists after retry, contact customer support',
  // DynamoDB, S3, API Gateway, Step Functions, SNS
  'The conditional request failed',
  String.raw`Transaction cancelled, please refer cancellation reasons for specific reasons \[[\w, ]{1,400}\]`,
  'Transaction is ongoing for the item',
  `(?:Cannot do operations on a non-existent table|Requested resource not found(?:: Table: ${name} not found)?)`,
  'The specified (?:key|bucket) does not exist',
  String.raw`Invalid (?:API|stage|Stage) identifier specified ${name}`,
  `Unable to find \\w+ with identifier ${name}`,
  `(?:Execution Already Exists|State Machine Does Not Exist): '${arn}'`,
  'Topic does not exist',
  // Any service, and the way there
  'Service Unavailable|Internal Server Error|Internal Failure|Internal error',
  String.raw`(?:connect|read|write|getaddrinfo|queryA) E[A-Z_]{2,30}(?: [\w.:-]{1,120})?`,
  'socket hang up|other side closed|certificate has expired|self-signed certificate(?: in certificate chain)?',
  'unable to (?:verify the first certificate|get (?:local )?issuer certificate)',
  'Client network socket disconnected before secure TLS connection was established',
  String.raw`(?:@smithy/node-http-handler - )?(?:Connection timed out after \d+ ms|the request socket did not establish a connection[a-z ]{0,40})`,
  'Request aborted|The operation was aborted(?: due to timeout)?',
];

/** What comes after these is not quoted. */
const beginnings: readonly string[] = [
  'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit',
  'Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys',
  'Lambda was unable to decrypt the environment variables because KMS access was denied',
  String.raw`The account-level service limit '[\w .()/-]{1,120}' is \d+ \w+, with current utilization of \d+ \w+ and a request delta of \d+ \w+`,
  `Could not access model data at ${name}`,
  String.raw`Received (?:client|server) error \(\d{3}\) from (?:primary|model)`,
  // Why an endpoint failed
  String.raw`The (?:primary )?container for production variant ${name} did not pass the ping health check\. Please check CloudWatch logs for this endpoint(?:\. Here: ${here()})?`,
  `Failed to download model data for container ${quoted}`,
  String.raw`CannotStartContainerError\. Please ensure the model container for variant ${name} starts correctly when invoked with 'docker run <image> serve'`,
  'Could not find model data',
  'Unable to (?:provision|locate)[a-z ]{0,60}',
];

/** The local AWS emulator's own addition, by which a person finds what the model server printed. */
function here(): string {
  const ended = String.raw`the model server (?:exited with code \d+|was ended by SIG[A-Z]+)|GET /ping answered [\w ]{1,40} for [\d.]+ s`;
  return String.raw`(?:${ended})(?:; its log is ${name} in its state directory)?`;
}

const whole = new RegExp(`^(?:${sentences.join('|')})$`);
const begins = new RegExp(`^(?:${beginnings.join('|')})`);
/** Every service's; what stands between the apostrophes after `Value` is what was sent. */
const invalid =
  /^\d+ validation errors? detected: Value .*at '(?<member>[\w.]{1,120})' failed to satisfy constraint: (?:Map (?:keys|value) must satisfy constraint: \[)?(?<rule>Member must (?:not be null|have length (?:less|greater) than or equal to \d+|have value (?:less|greater) than or equal to \d+|satisfy (?:regular expression pattern|enum value set)))/s;

/**
 * @param message an error's text, or a reason that AWS gives
 * @returns what may be shown of it, in one line without a full stop at its end; null where nothing may
 */
export function quotable(message: string): string | null {
  const line = message.slice(0, mostRead).replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
  if (whole.test(line)) return line;
  const begun = begins.exec(line)?.[0];
  if (begun !== undefined) return begun;
  const { member, rule } = invalid.exec(line)?.groups ?? {};
  return member === undefined || rule === undefined ? null : `the value of ${member} is invalid: ${rule}`;
}

/** No sentence that is known is longer, and no text takes long to look through. */
const mostRead = 8_192;

/** Shorter values (`2`, `true`, `info`) are words like others, and no secrets. */
const shortestSecret = 6;

/**
 * A text of the model's own, which no list can know, without the values of variables that it was given: as they are, and
 * as JSON writes them.
 */
export function withoutValues(text: string, values: readonly string[]): string {
  return values
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1)])
    .filter((value) => value.length >= shortestSecret)
    .sort((a, b) => b.length - a.length)
    .reduce((left, value) => left.replaceAll(value, '***'), text);
}
