// A button that shows the settings as a provisioning file.
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
        Show provisioning YAML
      </Button>
      <Modal title="Provisioning YAML" isOpen={open} onDismiss={() => setOpen(false)}>
        <p>
          These settings as a file for Grafana’s <code>provisioning/datasources</code>. Secrets are read from
          environment variables.
        </p>
        <pre data-testid="provisioning-yaml">{yaml}</pre>
        <Modal.ButtonRow>
          <ClipboardButton icon="copy" variant="secondary" getText={() => yaml}>
            Copy
          </ClipboardButton>
          <Button type="button" onClick={() => setOpen(false)}>
            Close
          </Button>
        </Modal.ButtonRow>
      </Modal>
    </>
  );
}
