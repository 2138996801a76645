// A data source's settings: the plugin's own editor, and Save & test as Grafana
// does it. Changes are lost when the workbench ends.
import React, { useEffect, useState } from 'react';
import { css } from '@emotion/css';

import type { DataSourceSettings, GrafanaTheme2 } from '@grafana/data';
import { type FetchError, isFetchError } from '@grafana/runtime';
import { Alert, Button, LoadingPlaceholder, PanelContainer, useStyles2 } from '@grafana/ui';

import { backendSrv } from './grafana/backendSrv.ts';
import type { AnyPlugin } from './grafana/plugin.ts';
import type { Sources } from './grafana/services.ts';

interface Props {
  plugin: AnyPlugin;
  sources: Sources;
  uid: string;
  onSaved: () => Promise<void>;
}

interface Tested {
  status: 'success' | 'error';
  message: string;
  details?: { message?: string; verboseMessage?: string };
}

/** Converts what testDatasource returns or throws (Grafana: features/datasources/state/actions.ts). */
async function test(sources: Sources, uid: string): Promise<Tested> {
  try {
    return (await sources.instance(uid).testDatasource()) as Tested;
  } catch (thrown) {
    const error = thrown as { message?: string; error?: { details?: Tested['details'] }; data?: FetchError['data'] };
    const message = isFetchError(thrown) ? thrown.data?.message : error.message;
    return { status: 'error', message: message ?? 'The test failed without a message.', details: error.error?.details };
  }
}

export function SettingsPage({ plugin, sources, uid, onSaved }: Props) {
  const styles = useStyles2(getStyles);
  const [options, setOptions] = useState<DataSourceSettings>();
  const [result, setResult] = useState<Tested>();
  const [busy, setBusy] = useState(false);
  const address = `/api/datasources/uid/${uid}`;
  useEffect(() => void backendSrv.get<DataSourceSettings>(address).then(setOptions), [address]);
  if (!options) {
    return <LoadingPlaceholder text="Loading settings" />;
  }
  const { ConfigEditor } = plugin.components;

  const saveAndTest = async () => {
    setBusy(true);
    setResult(undefined);
    try {
      if (!options.readOnly) {
        await backendSrv.put(address, options);
        setOptions(await backendSrv.get<DataSourceSettings>(address));
        await onSaved();
      }
      setResult(await test(sources, uid));
    } catch (error) {
      setResult({ status: 'error', message: isFetchError(error) ? error.data?.message : String(error) });
    } finally {
      setBusy(false);
    }
  };
  return (
    <PanelContainer className={styles.page}>
      <h2 className={styles.title}>{options.name}</h2>
      <p className={styles.hint}>
        {options.readOnly
          ? 'Provisioned, and read-only because its file does not say editable: true.'
          : 'What is saved here holds until the workbench ends; the provisioning file stays as it is.'}
      </p>
      <div data-testid="config-editor">
        {ConfigEditor ? (
          <ConfigEditor options={options} onOptionsChange={setOptions} />
        ) : (
          'The plugin has no settings editor.'
        )}
      </div>
      {result && (
        <div data-testid="test-result" data-status={result.status} className={styles.result}>
          <Alert severity={result.status} title={result.message}>
            {result.details?.message}
            {result.details?.verboseMessage && (
              <details className={styles.details} open>
                {result.details.verboseMessage}
              </details>
            )}
          </Alert>
        </div>
      )}
      <Button onClick={saveAndTest} disabled={busy} data-testid="save-and-test">
        {options.readOnly ? 'Test' : 'Save & test'}
      </Button>
    </PanelContainer>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({ padding: theme.spacing(3), maxWidth: 1000 }),
  title: css({ fontSize: theme.typography.h3.fontSize }),
  hint: css({ color: theme.colors.text.secondary }),
  result: css({ marginTop: theme.spacing(2) }),
  details: css({ whiteSpace: 'pre-wrap' }),
});
