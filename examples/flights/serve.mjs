/**
 * The model server: `node serve.mjs serve`, what the container image runs. It keeps SageMaker's container contract:
 * GET /ping, POST /invocations, the model's files in a folder. How it answers is the artifact's doing alone.
 */
import { fstatSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { recommend, supported } from './model.mjs';

const PORT = Number(process.env.SAGEMAKER_BIND_TO_PORT ?? 8080);
const ADDRESS = process.env.BIND_ADDRESS ?? '127.0.0.1'; // an image sets 0.0.0.0
const MODEL_DIR = process.env.SM_MODEL_DIR ?? '/opt/ml/model';
const LONGEST_BODY = 64 * 1024;
const MOST_DESTINATIONS = 50;
const DRAIN_MS = 1000;

if (process.argv[2] !== 'serve') fail('usage: node serve.mjs serve', 2);
const model = loadModel(join(MODEL_DIR, 'model.json'));

const server = createServer((request, response) => {
  answer(request).then(
    ({ status, body }) => send(response, status, body),
    (error) => {
      if (error instanceof BadRequest)
        return send(response, error.status, { error: error.message, field: error.field });
      console.error(`${model.version}: ${error.stack.split('\n', 2).join('')}`);
      send(response, 500, { error: `the model failed: ${error.message}` });
    },
  );
});
server.keepAliveTimeout = 75_000; // longer than callers keep idle connections, or they'd reuse one as it closes
server.on('error', (error) => fail(`can't listen on port ${PORT}: ${error.message}`, 1));
server.listen(PORT, ADDRESS, () => console.log(`${model.version} on ${ADDRESS}:${server.address().port}`));

process.once('SIGTERM', drain);
process.once('SIGINT', drain);
// Whoever started this server holds its stdin; if they die without a word, it ends too. A container's stdin is
// /dev/null, which is at its end from the start and says nothing.
if (fstatSync(0).isFIFO() || fstatSync(0).isSocket()) process.stdin.resume().once('end', drain);

async function answer(request) {
  const [path] = request.url.split('?');
  if (path === '/ping' && request.method === 'GET')
    return { status: 200, body: { modelVersion: model.version } };
  if (path === '/invocations' && request.method === 'POST') {
    return { status: 200, body: await recommend(model, parse(await textOf(request))) };
  }
  return { status: 404, body: { error: `no ${request.method} ${path} here: GET /ping, POST /invocations` } };
}

async function textOf(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > LONGEST_BODY) throw new BadRequest('body', `must be at most ${LONGEST_BODY} bytes`, 413);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** @throws {BadRequest} which names the first field that is wrong */
function parse(text) {
  const body = jsonOf(text);
  const isAirport = (code) => typeof code === 'string' && /^[A-Z0-9]{3}$/.test(code);
  const must = (holds, field, what) => {
    if (!holds) throw new BadRequest(field, `must be ${what}`);
  };
  must(typeof body === 'object' && body !== null && !Array.isArray(body), 'body', 'a JSON object');
  const { userId, origin, destinations, date, hour } = body;
  must(typeof userId === 'string' && userId !== '', 'userId', 'a string that is not empty');
  must(isAirport(origin), 'origin', 'an airport code of three letters, like "ATL"');
  must(Array.isArray(destinations), 'destinations', 'a list of airport codes');
  must(
    destinations.length > 0 && destinations.length <= MOST_DESTINATIONS,
    'destinations',
    `1 to ${MOST_DESTINATIONS} codes`,
  );
  destinations.forEach((code, i) =>
    must(isAirport(code), `destinations[${i}]`, 'an airport code of three letters'),
  );
  must(isDate(date), 'date', 'a date like "2001-02-14"');
  must(Number.isInteger(hour) && hour >= 0 && hour <= 23, 'hour', 'a whole number from 0 to 23');
  return { origin, destinations, date, hour };
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadRequest('body', 'must be JSON');
  }
}

/** True for a day that exists: JavaScript reads 2001-02-30 as the second of March. */
function isDate(date) {
  if (typeof date !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(date)) return false;
  const read = new Date(date);
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(date);
}

class BadRequest extends Error {
  constructor(field, what, status = 400) {
    super(`${field} ${what}`);
    this.field = field;
    this.status = status;
  }
}

function send(response, status, body) {
  const text = JSON.stringify(body);
  if (!server.listening) response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** Answers what has begun, takes nothing new, and leaves. */
function drain() {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  setTimeout(() => process.exit(0), DRAIN_MS).unref();
}

function loadModel(file) {
  try {
    const loaded = JSON.parse(readFileSync(file, 'utf8'));
    if (!supported.includes(loaded.kind))
      throw new Error(`this server knows no models of kind '${loaded.kind}'`);
    return loaded;
  } catch (error) {
    return fail(`can't load the model from ${file}: ${error.message}`, 1);
  }
}

function fail(message, code) {
  console.error(message);
  process.exit(code);
}
