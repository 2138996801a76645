import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { goTest } from './go-test.ts';

const SOURCE = `package tried

import (
	"os"
	"sync"
	"testing"
)

func TestPasses(t *testing.T) {}

func TestWrong(t *testing.T) {
	t.Run("sub", func(t *testing.T) { t.Error("wrong each time") })
}

func TestOnce(t *testing.T) {
	if _, err := os.Stat("seen"); err != nil {
		os.WriteFile("seen", nil, 0o600)
		t.Error("wrong once")
	}
}

// It has a race in the first run only.
func TestRaces(t *testing.T) {
	if _, err := os.Stat("raced"); err == nil {
		return
	}
	os.WriteFile("raced", nil, 0o600)
	n := 0
	var both sync.WaitGroup
	both.Add(2)
	for range 2 {
		go func() { n++; both.Done() }()
	}
	both.Wait()
}
`;

test('what failed is tried once more and told as flaky, but for a race', async () => {
  const before = process.cwd();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'mesos-datasource-go-'));
  try {
    writeFileSync(path.join(dir, 'go.mod'), 'module tried\n\ngo 1.26\n');
    writeFileSync(path.join(dir, 'tried_test.go'), SOURCE);
    process.chdir(dir);
    const { passed, failed, failures, flaky } = await goTest(['./...'], ['-race']);
    const names = (texts: string[]) => texts.map((text) => text.split('\n')[0]);
    assert.deepEqual({ passed, failed }, { passed: 2, failed: 3 });
    assert.deepEqual(names(failures), ['tried TestWrong/sub', 'tried TestWrong', 'tried TestRaces']);
    assert.deepEqual(names(flaky), ['tried TestOnce']);
    assert.match(failures[0], /wrong each time/);
  } finally {
    process.chdir(before);
    rmSync(dir, { recursive: true, force: true });
  }
});

test('a package that is not there is a failure with its reason', async () => {
  const { failed, failures } = await goTest(['./nothing']);
  assert.equal(failed, 1);
  assert.match(failures.join('\n'), /directory not found/);
});
