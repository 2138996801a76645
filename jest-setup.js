// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';
import { configure } from '@testing-library/react';

// How long findBy... waits: menus open in steps, slowly on a busy machine.
configure({ asyncUtilTimeout: 5000 });

// What React or a component writes as an error, such as an unknown property or an update outside of act, fails the test.
// A test that expects one replaces console.error itself.
const told = [];
const write = console.error;

beforeEach(() => {
  told.length = 0;
  console.error = (...args) => {
    told.push(args.map(String).join(' '));
    write(...args);
  };
});

afterEach(() => {
  console.error = write;
  if (told.length > 0) {
    throw new Error(`console.error was called ${told.length} times, first with: ${told[0]}`);
  }
});
