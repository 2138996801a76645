// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';
import { configure } from '@testing-library/react';

// How long findBy... waits: menus open in steps, slowly on a busy machine.
configure({ asyncUtilTimeout: 5000 });

// What React or a component writes as an error, such as an unknown property, fails the test. A test that expects one
// replaces console.error itself. That something was drawn after the test had seen enough (act) is no error of a component.
const told = [];
const write = console.error;

beforeEach(() => {
  told.length = 0;
  console.error = (...args) => {
    const text = args.map(String).join(' ');
    if (!text.includes('not wrapped in act')) {
      told.push(text);
    }
    write(...args);
  };
});

afterEach(() => {
  console.error = write;
  if (told.length > 0) {
    throw new Error(`console.error was called ${told.length} times, first with: ${told[0]}`);
  }
});
