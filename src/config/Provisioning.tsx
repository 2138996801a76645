// A button that shows the settings as a provisioning file.
import { t, Trans } from '../i18n';
import { Button, ClipboardButton, Modal } from '@grafana/ui';
import type { DataSourceSettings } from '@grafana/data';
import React, { useState } from 'react';

import { provisioningYaml } from './provisioning';
import type { MesosOptions, MesosSecureOptions } from './types';

export function Provisioning({ settings }: { settings: DataSourceSettings<MesosOptions, MesosSecureOptions> }) {
  const [open, setOpen] = useState(false);
  const yaml = open ? provisioningYaml(settings) : '';
  return (
    <>
      <Button type="button" variant="secondary" icon="file-alt" onClick={() => setOpen(true)}>
        {t('config.provisioning.show', 'Show provisioning YAML')}
      </Button>
      <Modal title={t('config.provisioning.title', 'Provisioning YAML')} isOpen={open} onDismiss={() => setOpen(false)}>
        <p>
          <Trans i18nKey="config.provisioning.text">
            These settings as a file for Grafana’s <code>provisioning/datasources</code>. Secrets are read from
            environment variables.
          </Trans>
        </p>
        <pre data-testid="provisioning-yaml">{yaml}</pre>
        <Modal.ButtonRow>
          <ClipboardButton icon="copy" variant="secondary" getText={() => yaml}>
            {t('config.provisioning.copy', 'Copy')}
          </ClipboardButton>
          <Button type="button" onClick={() => setOpen(false)}>
            {t('config.provisioning.close', 'Close')}
          </Button>
        </Modal.ButtonRow>
      </Modal>
    </>
  );
}
