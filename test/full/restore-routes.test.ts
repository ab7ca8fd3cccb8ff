import { restoreRoutes } from '../support/restore-routes.ts';

restoreRoutes([
  ['file', 'file'],
  ['file', 'table'],
  ['table', 'file'],
  ['table', 'table'],
]);
