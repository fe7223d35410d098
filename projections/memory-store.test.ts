import { MemoryStore } from '#projections'
import { rowStoreContract } from '../runtime/ports/contracts/row-store.contract.ts'

rowStoreContract('MemoryStore', async () => new MemoryStore())
