/** What a run holds Parley to. Prints each promise as it is looked at, and remembers whether all were kept. */
export class Verdict {
  private broken = 0;

  check(promise: string, kept: boolean): void {
    if (!kept) this.broken += 1;
    console.log(`${kept ? 'kept  ' : 'BROKEN'}  ${promise}`);
  }

  /** Ends this process: with 0 where every promise was kept, else with 1. */
  exit(): never {
    process.exit(this.broken === 0 ? 0 : 1);
  }
}
