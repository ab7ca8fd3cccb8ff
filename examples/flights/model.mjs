/**
 * What a model.json means. Training scores its held-out flights with the same lines that serve them, so the
 * two can't drift apart.
 *
 * @typedef {{ origin: string, destination: string, date: string, hour: number }} Flight  date is YYYY-MM-DD
 * @typedef {number | [feature: number, threshold: number, below: Tree, above: Tree]} Tree
 *
 * @typedef {{ version: string, base: number, curve: [score: number, minutes: number][] }} Common
 * @typedef {Common & { kind: 'means', hours: Record<number, number>,
 *   destinations: Record<string, number> }} Means  log odds, added up
 * @typedef {[latitude: number, longitude: number, lateFrom: number, lateTo: number]} Airport
 * @typedef {{ first: string, usual: number, late: number[] }} Yesterday  late shares of the day before, by date
 * @typedef {{ milliseconds: number, late: Record<string, number[]> }} Lookup  the same for each airport
 * @typedef {Common & { kind: 'trees', airports: Record<string, Airport>, other?: Airport, yesterday: Yesterday,
 *   lookup?: Lookup, trees: Tree[] }} Trees
 * @typedef {Means | Trees} Model
 */

const DAY_MS = 86_400_000;
const EARTH_RADIUS_MILES = 3959;

/** The destinations, least likely to be late first. Late is 15 minutes or more after the timetable, on arrival. */
export async function recommend(model, { origin, destinations, date, hour }) {
  const recommendations = [];
  await lookUp(model);
  for (const destination of destinations) {
    await lookUp(model);
    const score = scoreOf(model, { origin, destination, date, hour });
    recommendations.push({
      destination,
      expectedDelayMinutes: round(minutesAt(model.curve, score), 1),
      pLate: round(probability(score), 3),
    });
  }
  recommendations.sort((a, b) => a.pLate - b.pLate);
  return { recommendations, modelVersion: model.version };
}

/**
 * Stands for a round trip to a remote feature store ("how late was this airport yesterday?"), made for one airport
 * after another. The answer itself lies in the artifact, so that the example needs no network.
 */
async function lookUp(model) {
  if (model.lookup) await new Promise((done) => setTimeout(done, model.lookup.milliseconds));
}

const scorers = {
  means: ({ base, hours, destinations }, flight) =>
    base + (hours[flight.hour] ?? 0) + (destinations[flight.destination] ?? 0),
  trees: (model, flight) => {
    const features = featuresOf(model, flight);
    return model.trees.reduce((sum, tree) => sum + leafOf(tree, features), model.base);
  },
};

/** The kinds of model that this code can score. */
export const supported = Object.keys(scorers);

/** @param {Model} model @param {Flight} flight @returns {number} log odds of being late */
export const scoreOf = (model, flight) => scorers[model.kind](model, flight);

/** @returns {number[]} what the trees split on, by position */
export function featuresOf({ airports, other, yesterday, lookup }, { origin, destination, date, hour }) {
  const from = airports[origin] ?? other;
  const to = airports[destination] ?? other;
  const day = dayOf(date) - dayOf(yesterday.first);
  const lateOn = (shares) => shares?.[day] ?? yesterday.usual;
  const flyingHour = (hour + 21) % 24; // the flying day begins at three in the morning
  const features = [flyingHour, weekdayOf(date), lateOn(yesterday.late), milesBetween(from, to)];
  features.push(from[0], from[1], from[2], to[0], to[1], to[3]);
  if (lookup) features.push(lateOn(lookup.late[origin]), lateOn(lookup.late[destination]));
  return features;
}

function leafOf(tree, features) {
  while (typeof tree !== 'number') tree = features[tree[0]] <= tree[1] ? tree[2] : tree[3];
  return tree;
}

/** Days since 1970-01-01. */
export const dayOf = (date) => Date.parse(date) / DAY_MS;

const weekdayOf = (date) => (dayOf(date) + 4) % 7;

/** Great-circle distance. */
export function milesBetween([latitudeA, longitudeA], [latitudeB, longitudeB]) {
  const radians = Math.PI / 180;
  const a =
    Math.sin(((latitudeB - latitudeA) * radians) / 2) ** 2 +
    Math.cos(latitudeA * radians) *
      Math.cos(latitudeB * radians) *
      Math.sin(((longitudeB - longitudeA) * radians) / 2) ** 2;
  return Math.round(2 * EARTH_RADIUS_MILES * Math.asin(Math.sqrt(a)));
}

export const probability = (score) => 1 / (1 + Math.exp(-score));

/** The delay that flights of this score had, interpolated between the curve's points. */
export function minutesAt(curve, score) {
  const next = curve.findIndex(([at]) => at >= score);
  if (next <= 0) return curve.at(next)[1]; // before the first point, or past the last
  const [[x0, y0], [x1, y1]] = [curve[next - 1], curve[next]];
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0);
}

export const round = (value, digits) => Number(value.toFixed(digits));
