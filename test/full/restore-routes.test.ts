import { restoreRoutes } from '../support/restore-routes.ts';

restoreRoutes([
  ['file', 'file'],
  ['table', 'file'],
  ['table', 'table'],
]);
