// Keys that come before the matches of a typed text are drawn, as on a page that is slow: events as the browser sends
// them, without act(), which draws everything between two of them.
import type { ComboboxOption } from '@grafana/ui';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import React, { useState } from 'react';

import { giveElementsASize } from '../testing/layout';
import { MultiMenu } from './MultiMenu';
import { SingleMenu } from './SingleMenu';

beforeAll(giveElementsASize);

const OPTIONS = ['agent', 'attr_zone', 'attr_zone_2', 'framework'].map((value) => ({ value }));

function One({ options }: { options?: ComboboxOption[] }) {
  const [chosen, setChosen] = useState('framework');
  return (
    <>
      <span id="name">Label</span>
      <SingleMenu
        aria-labelledby="name"
        options={options ?? []}
        loading={!options}
        value={chosen}
        onChange={({ value }) => setChosen(value)}
      />
      <p data-testid="chosen">{chosen}</p>
      <button>Next</button>
    </>
  );
}

function Several({ options }: { options?: ComboboxOption[] }) {
  const [chosen, setChosen] = useState<string[]>([]);
  return (
    <>
      <MultiMenu
        name="Label"
        minWidth={8}
        options={options ?? []}
        loading={!options}
        value={chosen}
        onChange={(all) => setChosen(all.map(({ value }) => value))}
      />
      <p data-testid="chosen">{chosen.join()}</p>
      <button>Next</button>
    </>
  );
}

const environment = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };

/** What a browser does between two events that wait: microtasks, and nothing else. */
async function microtasks() {
  for (let i = 0; i < 20; i++) {
    await null;
  }
}

/** Opens the menu, types a text at once, and presses keys before anything else is done, or after some tasks of React's. */
async function typeAndPress(text: string, keys: string[] = [], tasks = 0) {
  const menu = screen.getByRole<HTMLInputElement>('combobox', { name: 'Label' });
  environment.IS_REACT_ACT_ENVIRONMENT = false;
  menu.focus();
  menu.click();
  await waitFor(() => expect(menu).toHaveAttribute('aria-expanded', 'true'));
  const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set;
  for (let i = 1; i <= text.length; i++) {
    setValue?.call(menu, text.slice(0, i));
    menu.dispatchEvent(new Event('input', { bubbles: true }));
    await microtasks();
  }
  for (let i = 0; i < tasks; i++) {
    await new Promise((done) => setTimeout(done));
  }
  for (const key of keys) {
    const notPrevented = menu.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    await microtasks();
    if (key === 'Tab' && notPrevented) {
      screen.getByRole('button', { name: 'Next' }).focus();
      await microtasks();
    }
  }
  return menu;
}

afterEach(() => {
  environment.IS_REACT_ACT_ENVIRONMENT = true;
  cleanup();
});

const chosen = () => screen.getByTestId('chosen').textContent;
const later = () => new Promise((done) => setTimeout(done, 50));

for (const keys of [['Enter'], ['ArrowDown', 'Enter'], ['Tab']]) {
  describe(keys.join(' and '), () => {
    it('chooses the first match of the whole text in a menu of one value', async () => {
      render(<One options={OPTIONS} />);
      const menu = await typeAndPress('zone', keys);
      await waitFor(() => expect(chosen()).toBe('attr_zone'));
      await waitFor(() => expect(menu).toHaveAttribute('aria-expanded', 'false'));
      expect(menu).toHaveValue('attr_zone');
    });

    it.each([1, 2, 3, 4, 5, 6])('chooses it whatever is drawn by then: %i tasks', async (tasks) => {
      render(<One options={OPTIONS} />);
      const menu = await typeAndPress('zone', keys, tasks);
      await waitFor(() => expect(chosen()).toBe('attr_zone'));
      await waitFor(() => expect(menu).toHaveValue('attr_zone'));
    });

    it('chooses nothing where nothing is like the text, though its first letters are', async () => {
      render(<One options={OPTIONS} />);
      const menu = await typeAndPress('azzq', keys);
      await later();
      expect(chosen()).toBe('framework');
      if (keys[0] === 'Tab') {
        await waitFor(() => expect(menu).toHaveValue('framework'));
      }
    });

    it('waits for the options', async () => {
      const { rerender } = render(<One />);
      await typeAndPress('zone', keys);
      await later();
      expect(chosen()).toBe('framework');
      rerender(<One options={OPTIONS} />);
      await waitFor(() => expect(chosen()).toBe('attr_zone'));
    });
  });
}

for (const keys of [['Enter'], ['ArrowDown', 'Enter']]) {
  it(`${keys.join(' and ')} choose the first match in a menu of several values`, async () => {
    render(<Several options={OPTIONS} />);
    const menu = await typeAndPress('zone', keys);
    await waitFor(() => expect(chosen()).toBe('attr_zone'));
    await waitFor(() => expect(menu).toHaveValue(''));
  });
}

it('another letter takes back what was pressed before the options came', async () => {
  const { rerender } = render(<One />);
  await typeAndPress('zone', ['Enter']);
  const menu = await typeAndPress('x');
  rerender(<One options={OPTIONS} />);
  await later();
  expect(menu).toHaveAttribute('aria-expanded', 'true');
  expect(chosen()).toBe('framework');
});

it.each([<One key="one" />, <Several key="several" />])('draws no sign that it loads, which may stay', (menu) => {
  render(menu);
  expect(document.body.innerHTML).not.toMatch(/spin/i);
});
