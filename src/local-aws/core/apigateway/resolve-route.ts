import type { IntegrationTarget } from '../../seams.ts';
import type { Api, Deployment, Route, Stage } from './api-state.ts';

/** Which authorizer the route names is resolved anew for each request: it may change without a deployment. */
type Resolved =
  | Exclude<IntegrationTarget, { kind: 'lambda' }>
  | (Omit<Extract<IntegrationTarget, { kind: 'lambda' }>, 'authorizer'> & { readonly authorizerId?: string });

/**
 * Finds what a request to a stage goes to: the stage's deployment, its best route, the integration's URI with stage
 * variables put in. The most specific route wins: whole path before `{name}` before `{name+}`, a method before ANY,
 * `$default` last.
 */
export function resolveRoute(
  apis: ReadonlyMap<string, Api>,
  apiId: string,
  stageName: string,
  method: string,
  path: string,
): Resolved {
  const api = apis.get(apiId);
  const stage = api?.stages.get(stageName);
  const deployment = api?.deployments.get(stage?.deploymentId ?? '');
  if (stage === undefined || deployment === undefined) return { kind: 'not-found' };
  const route = bestRoute(deployment, method.toUpperCase(), path);
  if (route === undefined) return { kind: 'not-found' };
  let targets = resolved.get(stage);
  if (targets === undefined) resolved.set(stage, (targets = new Map<Route, Resolved>()));
  let target = targets.get(route);
  if (target === undefined) targets.set(route, (target = targetOf(deployment, stage, route)));
  return target;
}

/** Stages, deployments and routes are replaced when they change, never written to. */
const resolved = new WeakMap<Stage, Map<Route, Resolved>>();

function targetOf(deployment: Deployment, stage: Stage, route: Route): Resolved {
  const integration = deployment.integrations.find(({ id }) => route.target === `integrations/${id}`);
  if (integration?.integrationUri === undefined)
    return { kind: 'misconfigured', why: `route ${route.routeKey} has no integration` };
  const { uri, missing } = withVariables(integration.integrationUri, stage.stageVariables);
  if (missing !== undefined)
    return { kind: 'misconfigured', why: `stage ${stage.name} has no variable ${missing}` };
  const functionArn = lambdaArn(uri);
  if (functionArn === undefined)
    return { kind: 'misconfigured', why: `integration URI is no Lambda function: ${uri}` };
  return {
    kind: 'lambda',
    functionArn,
    routeKey: route.routeKey,
    stage: stage.name,
    ...(route.authorizerId !== undefined && { authorizerId: route.authorizerId }),
  };
}

interface CompiledRoute {
  readonly route: Route;
  readonly method: string;
  readonly pattern: RegExp;
  /** Greater is more specific. */
  readonly rank: readonly number[];
}

const compiled = new WeakMap<Deployment, readonly CompiledRoute[]>();

function bestRoute(deployment: Deployment, method: string, path: string): Route | undefined {
  let routes = compiled.get(deployment);
  if (routes === undefined) {
    routes = deployment.routes
      .filter(({ routeKey }) => routeKey !== '$default')
      .map(compile)
      .sort(bySpecificity);
    compiled.set(deployment, routes);
  }
  const found = routes.find(
    (each) => (each.method === method || each.method === 'ANY') && each.pattern.test(path),
  );
  return found?.route ?? deployment.routes.find(({ routeKey }) => routeKey === '$default');
}

function compile(route: Route): CompiledRoute {
  const space = route.routeKey.indexOf(' ');
  const method = route.routeKey.slice(0, space);
  const segments = route.routeKey
    .slice(space + 1)
    .split('/')
    .slice(1);
  const kinds = segments.map((segment) =>
    /^\{.+\+\}$/.test(segment) ? 0 : /^\{.+\}$/.test(segment) ? 1 : 2,
  );
  const source = segments.map((segment, i) => {
    const kind = kinds[i];
    return kind === 0 ? '.+' : kind === 1 ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return {
    route,
    method,
    pattern: new RegExp(`^/${source.join('/')}$`),
    rank: [...kinds, method === 'ANY' ? 0 : 1],
  };
}

function bySpecificity(a: CompiledRoute, b: CompiledRoute): number {
  for (let i = 0; i < Math.max(a.rank.length, b.rank.length); i++) {
    const difference = (b.rank[i] ?? -1) - (a.rank[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}

function withVariables(
  uri: string,
  variables: Readonly<Record<string, string>>,
): { uri: string; missing: string | undefined } {
  let missing: string | undefined;
  const replaced = uri.replace(/\$\{stageVariables\.(\w+)\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) missing ??= name;
    return value ?? '';
  });
  return { uri: replaced, missing };
}

/** A function's ARN, or the invocation ARN around it: `arn:aws:apigateway:...:lambda:path/.../functions/ARN/invocations`. */
export function lambdaArn(uri: string): string | undefined {
  const inner =
    /^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path\/[\d-]+\/functions\/(arn:.+)\/invocations$/.exec(
      uri,
    )?.[1] ?? uri;
  return /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?$/.test(
    inner,
  )
    ? inner
    : undefined;
}
