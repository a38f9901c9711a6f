import { Logger } from '@nestjs/common';
import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  DelegateBackoff,
  handleWhen,
} from 'cockatiel';
import { OutageShare } from './outage-share.js';

/** Circuits kept; above this, those that were not asked for the longest time are forgotten. */
const MAX_CIRCUITS = 1_000;

/** How a call that was let through went. */
export type CallOutcome =
  /** The model began to answer. */
  | 'answered'
  /** The provider was out of service, out of reach or silent. */
  | 'outage'
  /** Neither: it is there, but did not answer this call. */
  | 'refused'
  /** The caller lost interest: nothing is known. */
  | 'withdrawn';

/** Leave for one call. */
export interface Pass {
  /** To be told once, whatever happens; resolves when the circuit has drawn its conclusion. */
  tell(outcome: CallOutcome): Promise<void>;
}

/** Thrown into cockatiel, which looks at them and gives them back to nobody. */
const OUTAGE = new Error('outage');
const REFUSED = new Error('refused');
const WITHDRAWN = new Error('withdrawn');
/** A probe that was withdrawn has decided nothing, so the next call may be the probe. */
const WITHDRAWN_PROBE = new Error('withdrawn probe');

/**
 * One model's circuit. It is closed as long as the model works, and opens when at least half of its calls of the last
 * 30 seconds were outages (see `OutageShare`). Open, it lets no call through. After `openMs` it lets one through, the
 * probe, which closes it, or keeps it open for as long again; where the probe is withdrawn, the next call is the probe.
 */
export class Circuit {
  private readonly policy: CircuitBreakerPolicy;
  private probedFrom = 0;

  constructor(openMs: number) {
    this.policy = circuitBreaker(
      handleWhen((error) => error === OUTAGE || error === WITHDRAWN_PROBE),
      {
        breaker: new OutageShare(),
        halfOpenAfter: new DelegateBackoff(({ result }) =>
          'error' in result && result.error === WITHDRAWN_PROBE ? 0 : openMs,
        ),
      },
    );
    this.policy.onBreak(() => (this.probedFrom = performance.now() + openMs));
  }

  /** Whether a call would be refused now: it is open, and no probe is due. */
  get refuses(): boolean {
    return !this.closed && performance.now() < this.probedFrom;
  }

  get closed(): boolean {
    return this.policy.state === CircuitState.Closed;
  }

  /** Calls the one of them whenever the circuit opens after it was closed, and the other when it closes again. */
  listen(opened: () => void, closed: () => void): void {
    let open = false;
    this.policy.onBreak(() => {
      if (!open) opened();
      open = true;
    });
    this.policy.onReset(() => {
      open = false;
      closed();
    });
  }

  /** Leave for one call, which must be told its outcome; undefined where the circuit lets none through. */
  enter(): Pass | undefined {
    // While the probe runs cockatiel would make other calls wait for it.
    if (this.policy.state === CircuitState.HalfOpen) return undefined;
    const probing = !this.closed;
    const { promise: told, resolve, reject } = Promise.withResolvers<void>();
    let entered = false;
    const call = () => {
      entered = true;
      return told;
    };
    // Whether it lets the call through is decided before this returns.
    const concluded = this.policy.execute(call).catch(() => undefined);
    if (!entered) return undefined;
    return {
      tell: (outcome) => {
        if (outcome === 'answered') resolve();
        else if (outcome === 'outage') reject(OUTAGE);
        else if (outcome === 'refused') reject(REFUSED);
        else reject(probing ? WITHDRAWN_PROBE : WITHDRAWN);
        return concluded;
      },
    };
  }
}

/**
 * The circuits of a process: one for each provider and model name, whichever chain asks. Not one for each provider,
 * because the owner of a chatbot can name any model, and a broken one must not take the provider from everybody else.
 */
export class Circuits {
  private readonly logger = new Logger('Circuits');
  /** The one that was asked for last comes last. */
  private readonly circuits = new Map<string, Circuit>();

  /** @param openMs how long a circuit stays open before it is probed */
  constructor(private readonly openMs: number) {}

  of(provider: string, model: string): Circuit {
    // Chatbots' owners name models, so a name must not be able to break a line of the log.
    const name = `${provider} ${JSON.stringify(model)}`;
    const circuit = this.circuits.get(name) ?? this.make(name);
    this.circuits.delete(name);
    this.circuits.set(name, circuit);
    const [oldest] = this.circuits.keys();
    if (this.circuits.size > MAX_CIRCUITS && oldest !== undefined) this.circuits.delete(oldest);
    return circuit;
  }

  private make(name: string): Circuit {
    const circuit = new Circuit(this.openMs);
    circuit.listen(
      () => this.logger.warn(`the circuit of ${name} opens: it fails, and is left out for ${this.openMs} ms`),
      () => this.logger.log(`the circuit of ${name} closes: it answers again`),
    );
    return circuit;
  }
}
