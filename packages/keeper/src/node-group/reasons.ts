/** Reasons of notes and conditions of this slice. */
export const REASON = {
  // Notes.
  obstacle: 'NotPossible',
  unknownRelease: 'ReleaseNotKnown',
  programsArriving: 'ProgramsArriving',
  programsFailed: 'ProgramsFailed',
  joining: 'NodesJoining',
  draining: 'NodesDraining',
  refused: 'Refused',
  unreachable: 'ClusterUnreachable',
  removing: 'Removing',
  halted: 'CreateFailed',
  // Conditions.
  creating: 'Creating',
  createFailed: 'CreateFailed',
  deleting: 'Deleting',
  updating: 'Updating',
  updateFailed: 'UpdateFailed',
  allReady: 'AllReady',
  someNotReady: 'SomeNotReady',
  noneReady: 'NoneReady',
  noneWanted: 'NoneWanted',
  current: 'Current',
  behind: 'Behind',
  answers: 'Answers',
  noAnswer: 'NoAnswer',
  asWanted: 'AsWanted',
} as const
