// The editor of a query for logs: a task, a file of its sandbox, lines.
import { EditorRow, EditorSwitch } from '@grafana/plugin-ui';
import type { ComboboxOption } from '@grafana/ui';
import React, { useEffect, useId, useState } from 'react';

import { t } from '../../i18n';
import { type LogTask, type MesosResources, statusOf } from '../../resources';
import { AdviceLines } from '../advice/AdviceLines';
import { CommitInput } from '../CommitInput';
import { EditorField } from '../EditorField';
import { faultOf, marksOf } from '../fault';
import { SingleMenu } from '../SingleMenu';
import { containing, toOption } from '../menu';
import { variableOptions } from '../metrics/variables';
import type { MesosQuery } from '../types';
import { useSearch } from '../useSearch';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  /** Why the query was not answered. */
  error?: string;
  onChange: (query: MesosQuery) => void;
}

const USUAL_FILES = ['stdout', 'stderr'];

export function LogsEditor({ query, resources, error, onChange }: Props) {
  const id = useId();
  const fault = faultOf(error);
  const { taskId = '', frameworkId, file = 'stdout', filter = '', live = false } = query;
  const change = (part: Partial<MesosQuery>) => onChange({ ...query, ...part });

  const tasks = useSearch(
    async (typed) => (await resources.logTasks(typed)).map(taskOption),
    () => ({ options: variableOptions(), custom: true })
  );
  const files = useSearch(
    async (typed) => {
      const found = taskId ? await resources.logFiles(taskId, frameworkId).catch(() => []) : [];
      const names = found.length > 0 ? found.map(({ name }) => name) : USUAL_FILES;
      return containing(typed, names.map(toOption));
    },
    () => ({ options: variableOptions(), custom: true })
  );

  const refused = useRefusal(resources);
  const lacking = refused ?? (taskId ? undefined : t('query.advice.no-task', 'Choose a task: its log is read then.'));
  return (
    <>
      <EditorRow>
        <EditorField
          label={t('query.logs.task', 'Task')}
          htmlFor={`${id}-task`}
          tooltip={t('query.logs.task-tooltip', 'The ID of a task, found by its name or ID.')}
          {...marksOf(fault, 'taskId')}
        >
          <SearchMenu
            id={`${id}-task`}
            search={tasks}
            minWidth={40}
            placeholder={t('query.logs.task-placeholder', 'Name or ID of a task')}
            value={taskId ? { value: `${frameworkId ?? ''}/${taskId}`, label: taskId } : null}
            onChange={(option) => change({ ...ofOption(option), agentId: undefined })}
          />
        </EditorField>
        <EditorField
          label={t('query.logs.file', 'File')}
          htmlFor={`${id}-file`}
          tooltip={t('query.logs.file-tooltip', "A file of the task's sandbox.")}
          {...marksOf(fault, 'file')}
        >
          <SearchMenu
            id={`${id}-file`}
            key={`${frameworkId}/${taskId}`} // another task has other files
            search={files}
            minWidth={16}
            value={{ value: file }}
            onChange={({ value }) => change({ file: value })}
          />
        </EditorField>
      </EditorRow>
      <EditorRow>
        <EditorField
          label={t('query.logs.lines', 'Lines with')}
          htmlFor={`${id}-filter`}
          tooltip={t(
            'query.logs.lines-tooltip',
            'A text that lines contain, or a regular expression between slashes: /error|warn/'
          )}
          {...marksOf(fault, 'filter')}
        >
          <CommitInput
            id={`${id}-filter`}
            minWidth={25}
            placeholder={t('query.logs.lines-all', 'All lines')}
            value={filter}
            onCommit={(text) => change({ filter: text || undefined })}
          />
        </EditorField>
        <EditorField
          label={t('query.logs.live', 'Live')}
          htmlFor={`${id}-live`}
          tooltip={t('query.logs.live-tooltip', 'Add lines as they are written, while somebody watches.')}
        >
          <EditorSwitch
            id={`${id}-live`}
            value={live}
            onChange={({ currentTarget }) => change({ live: currentTarget.checked || undefined })}
          />
        </EditorField>
      </EditorRow>
      {!query.hide && <AdviceLines advice={lacking ? [{ text: lacking }] : []} />}
    </>
  );
}

/** Returns what is to be done where the user may read no logs; undefined where they may, or it is not known. */
function useRefusal(resources: MesosResources): string | undefined {
  const [refused, setRefused] = useState(false);
  useEffect(() => {
    let wanted = true;
    resources.logTasks('', 1).then(
      () => wanted && setRefused(false),
      (err) => wanted && setRefused(statusOf(err) === 403)
    );
    return () => {
      wanted = false;
    };
  }, [resources]);
  return refused
    ? t(
        'query.logs.refused',
        'The logs of tasks are not shown to you: an administrator chooses who may read them, with the setting {{name}} of the data source.',
        { name: t('config.sandbox-logs.label', 'Logs of tasks') }
      )
    : undefined;
}

interface SearchMenuProps {
  id: string;
  search: ReturnType<typeof useSearch>;
  minWidth: number;
  placeholder?: string;
  value: ComboboxOption | null;
  /** Set by the field around the menu. */
  invalid?: boolean;
  onChange: (option: ComboboxOption) => void;
}

/** A menu whose options the backend finds. */
function SearchMenu({ search: { options, holdKeys }, ...menu }: SearchMenuProps) {
  return (
    <div {...holdKeys}>
      <SingleMenu {...menu} options={options} />
    </div>
  );
}

function taskOption({ taskId, frameworkId, name, framework, state }: LogTask): ComboboxOption {
  const about = [name !== taskId && name, framework, state.replace(/^TASK_/, '').toLowerCase()];
  return { value: `${frameworkId}/${taskId}`, label: taskId, description: about.filter(Boolean).join(', ') };
}

// A framework's ID has no slash, and a typed ID of a task has no framework.
function ofOption({ value, label }: ComboboxOption): Pick<MesosQuery, 'taskId' | 'frameworkId'> {
  return label === undefined || value.startsWith('$')
    ? { taskId: value, frameworkId: undefined }
    : { taskId: label, frameworkId: value.slice(0, value.indexOf('/')) };
}
