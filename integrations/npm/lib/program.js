// Where the command is: what `SIGPROOF` names, or the package for this system.
import { createRequire } from 'node:module';

const SYSTEMS = ['linux-x64', 'linux-arm64'];

export function program() {
  if (process.env.SIGPROOF) return process.env.SIGPROOF;
  const system = `${process.platform}-${process.arch}`;
  if (!SYSTEMS.includes(system)) {
    throw new Unavailable(
      `sigproof does not run on ${system}: it needs Linux on x86-64 or aarch64. ` +
        'In a container or a virtual machine with Linux it runs on other systems, too.'
    );
  }
  try {
    return createRequire(import.meta.url).resolve(`sigproof-${system}/bin/sigproof`);
  } catch {
    throw new Unavailable(
      `the package sigproof-${system}, which has the program, is not installed. ` +
        'It is an optional dependency: install again without --omit=optional (--no-optional).'
    );
  }
}

/** This machine cannot run it, and why. */
export class Unavailable extends Error {
  constructor(message) {
    super(message);
    this.name = 'Unavailable';
  }
}
