/** The machine that looks. */
/** `vantage`: what can be known of this machine without asking the deployment. */
export interface VantageFacts {
  /** Interfaces other than loopback carry an address. */
  hasNetwork: boolean;
  addresses: string[];
  resolvers: string[];
}

/** `load`: how busy this machine was during the run. */
export interface LoadFacts {
  /** How late timers of ours were, 99th percentile and worst. */
  lagP99Ms: number;
  lagMostMs: number;
  /** CPU seconds that this process used, per second of the run. */
  cpuShare: number;
  cores: number;
  /** Share of the last 10 s in which something waited for a processor (Linux PSI `cpu some avg10`), in percent. */
  cpuPressurePercent?: number;
  /** By how much the clock was set during the run, or stood still, in milliseconds; ahead is positive. Absent: it was not. */
  clockStepMs?: number;
}
