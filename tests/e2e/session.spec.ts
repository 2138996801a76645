// Each test has a session of its own. Grafana gives a session a new token every
// ten minutes, after which a token that another test had kept is worth nothing.
import { expect, test } from './fixtures.ts';

test.describe.configure({ mode: 'serial' });

test('a test whose session ends', async ({ page }) => {
  await page.goto('/logout');
  await expect(page.getByTestId('data-testid Username input field')).toBeVisible();
});

test('leaves the next test logged in', async ({ page }) => {
  await page.goto('/profile');
  await expect(page.getByRole('heading', { name: 'Profile' }).first()).toBeVisible();
  await expect(page.getByTestId('data-testid Username input field')).toHaveCount(0);
});
