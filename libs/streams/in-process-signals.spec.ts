import { InProcessSignals } from './in-process-signals.js';
import { signalsContract } from './signals.contract.js';

let made: InProcessSignals;

signalsContract('InProcessSignals', {
  make: () => (made = new InProcessSignals()),
  another: () => made,
});
