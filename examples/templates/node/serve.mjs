/**
 * The model server: `node serve.mjs`. It needs Node 20 or later and no package.
 *
 * It keeps SageMaker's container contract, so the same file runs on this machine and in an image on AWS:
 *
 *   GET /ping           answers 200 when the model is loaded
 *   POST /invocations   one request, one answer
 *   port                SAGEMAKER_BIND_TO_PORT, else 8080
 *   model's files       in the folder SM_MODEL_DIR, else /opt/ml/model
 *
 * Put your own model into `load` and `predict`. Pack its files with: tar -czf v1.tar.gz -C model model.json
 */
import { fstatSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** The caller's mistake: answered with 400. */
class BadRequest extends Error {}

/** Reads the model once, when the server starts. */
function load(folder) {
  return JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
}

/** One request, as the caller sent it, to one answer. */
function predict(model, { limit = 3 }) {
  if (!Number.isInteger(limit) || limit < 1) throw new BadRequest('limit must be a whole number from 1 on');
  const ranked = model.items.slice(0, limit).toSorted((a, b) => b.weight - a.weight);
  return {
    count: ranked.length,
    items: ranked.map(({ id, weight }) => {
      if (weight === undefined) throw new Error(`item ${id} has no weight`);
      return { id, score: weight };
    }),
  };
}

const port = Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080);
const address = process.env.BIND_ADDRESS ?? '127.0.0.1'; // an image sets 0.0.0.0
const model = load(process.env.SM_MODEL_DIR ?? '/opt/ml/model');

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const [status, value] = answer(request, Buffer.concat(chunks).toString());
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
});
server.keepAliveTimeout = 75_000; // longer than callers keep idle connections
server.listen(port, address, () => console.log(`model ${model.name} on ${address}:${port}`));

function answer({ method, url }, body) {
  if (method === 'GET' && url === '/ping') return [200, {}];
  if (method !== 'POST' || url !== '/invocations') return [404, { error: 'GET /ping or POST /invocations' }];
  try {
    const request = parse(body);
    return [200, predict(model, request)];
  } catch (error) {
    if (error instanceof BadRequest) return [400, { error: error.message }];
    console.error(error); // the model's own failure: `mlreg logs` shows where
    return [500, { error: `${error.name}: ${error.message}` }];
  }
}

function parse(body) {
  let request;
  try {
    request = JSON.parse(body);
  } catch {
    throw new BadRequest('the body must be JSON');
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request))
    throw new BadRequest('the body must be a JSON object');
  return request;
}

const end = () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
};
process.once('SIGTERM', end);
// On this machine standard input is a pipe that ends with whoever started this server. In a container it is none.
if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) process.stdin.resume().once('end', end);
