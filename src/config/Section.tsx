// A section of the settings page that is folded until it is needed.
import { ConfigSection } from '@grafana/plugin-ui';
import { Divider } from '@grafana/ui';
import React, { type ReactNode, useEffect, useRef, useState } from 'react';

interface Props {
  title: string;
  description?: string;
  /** Open from the beginning, as where something in it is set. */
  open: boolean;
  /** Something in it is wrong: the section opens. */
  wrong: boolean;
  children: ReactNode;
}

export function Section({ title, description, open, wrong, children }: Props) {
  const content = useRef<HTMLDivElement>(null);
  const [reopened, setReopened] = useState(0);
  useEffect(() => {
    // ConfigSection keeps its own state, and draws nothing while it is folded.
    if (wrong && content.current === null) {
      setReopened((n) => n + 1);
    }
  }, [wrong]);
  return (
    <>
      <ConfigSection
        key={reopened}
        title={title}
        description={description}
        isCollapsible
        isInitiallyOpen={open || reopened > 0}
      >
        <div ref={content}>{children}</div>
      </ConfigSection>
      <Divider />
    </>
  );
}
