/** What the names of the deployment stand for. */
import { look } from '../look.js';
import { type Compare, differs, pairs, set } from './change.js';

export const names: Compare = (before, after) =>
  pairs(look(before, 'dns'), look(after, 'dns'), ({ facts }) => facts.name).flatMap(([{ facts }, { facts: now }]) =>
    differs('name-addresses', facts.name, set(facts.addresses), set(now.addresses)),
  );
