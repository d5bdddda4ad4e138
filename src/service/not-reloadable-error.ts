import { FairleadError } from '../core/errors.ts'

/** What runs came from the command line or from a program: there is nothing to read again. */
export class NotReloadableError extends FairleadError {
  constructor() {
    super('FAIRLEAD_NOT_RELOADABLE', 'nothing to reload: there is no configuration file')
  }
}
