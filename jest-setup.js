// Jest setup provided by Grafana scaffolding
import './.config/jest-setup';
import { configure } from '@testing-library/react';

// How long findBy... waits: menus open in steps, slowly on a busy machine.
configure({ asyncUtilTimeout: 5000 });
