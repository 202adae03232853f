import { startDiagrams } from './viewer/diagram.js';

startDiagrams();
