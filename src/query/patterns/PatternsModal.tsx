// The list of query patterns, by what they are about. One that is chosen fills the query, after a question where that
// replaces something written.
import { css } from '@emotion/css';
import { CoreApp, type GrafanaTheme2 } from '@grafana/data';
import { Card, ConfirmModal, Modal, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { t } from '../../i18n';
import type { MesosQuery } from '../types';
import { filled, isWritten, patternsFor, SUBJECTS, TEXTS, type Pattern, type Subject } from './patterns';

interface Props {
  query: MesosQuery;
  /** The other queries of the panel. */
  others: MesosQuery[];
  app?: CoreApp;
  onUse: (query: MesosQuery) => void;
  onClose: () => void;
}

export default function PatternsModal({ query, others, app, onUse, onClose }: Props) {
  const styles = useStyles2(getStyles);
  const [chosen, setChosen] = useState<Pattern>();
  const use = (pattern: Pattern) => onUse(filled(pattern, query, app));
  if (chosen) {
    return (
      <ConfirmModal
        isOpen
        title={t('query.patterns.replace', 'Replace the query?')}
        body={t('query.patterns.replace-body', 'What the query asks now is replaced by "{{title}}".', {
          title: TEXTS[chosen.id].title(),
        })}
        confirmText={t('query.patterns.replace-yes', 'Replace it')}
        dismissText={t('query.patterns.replace-no', 'Keep it')}
        confirmButtonVariant="primary"
        onConfirm={() => use(chosen)}
        onDismiss={onClose}
      />
    );
  }
  const patterns = patternsFor(app);
  const subjects = (Object.keys(SUBJECTS) as Subject[]).filter((subject) =>
    patterns.some(({ about }) => about === subject)
  );
  return (
    <Modal
      isOpen
      title={t('query.patterns.title', 'Kick start your query')}
      className={styles.modal}
      onDismiss={onClose}
    >
      {subjects.map((subject) => (
        <section key={subject} aria-label={SUBJECTS[subject]()}>
          <h3 className={styles.subject}>{SUBJECTS[subject]()}</h3>
          <div className={styles.cards}>
            {patterns
              .filter(({ about }) => about === subject)
              .map((pattern) => (
                <Card
                  key={pattern.id}
                  className={styles.card}
                  noMargin
                  onClick={() => (isWritten(query, others, app) ? setChosen(pattern) : use(pattern))}
                >
                  <Card.Heading>{TEXTS[pattern.id].title()}</Card.Heading>
                  <Card.Description>{TEXTS[pattern.id].answers()}</Card.Description>
                </Card>
              ))}
          </div>
        </section>
      ))}
    </Modal>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  modal: css({ width: 'min(1100px, 95vw)' }),
  subject: css({ ...theme.typography.h5, margin: theme.spacing(2, 0, 1) }),
  cards: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(300px, 100%), 1fr))',
    gap: theme.spacing(1),
  }),
  card: css({ height: '100%' }),
});
