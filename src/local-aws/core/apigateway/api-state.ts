export interface Integration {
  readonly id: string;
  /** Members as API Gateway answers them. */
  readonly integrationType: string;
  readonly integrationUri: string | undefined;
  readonly integrationMethod: string | undefined;
  readonly payloadFormatVersion: string;
  readonly timeoutInMillis: number;
  readonly description: string | undefined;
}

export interface Route {
  readonly id: string;
  /** `POST /recommend`, `ANY /x/{proxy+}` or `$default`. */
  readonly routeKey: string;
  /** `integrations/ID` */
  readonly target: string | undefined;
  /** Undefined where the route is open. */
  readonly authorizerId?: string;
}

/** A snapshot of routes and integrations: what a stage serves. */
export interface Deployment {
  readonly id: string;
  readonly description: string | undefined;
  readonly autoDeployed: boolean;
  readonly createdAt: number;
  readonly routes: readonly Route[];
  readonly integrations: readonly Integration[];
}

export interface Stage {
  readonly name: string;
  readonly autoDeploy: boolean;
  readonly deploymentId: string | undefined;
  readonly description: string | undefined;
  readonly stageVariables: Readonly<Record<string, string>>;
  readonly defaultRouteSettings: object;
  readonly routeSettings: object;
  readonly accessLogSettings: object | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Api {
  readonly id: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly integrations: Map<string, Integration>;
  readonly routes: Map<string, Route>;
  readonly deployments: Map<string, Deployment>;
  readonly stages: Map<string, Stage>;
}
