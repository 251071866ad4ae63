export { type DraftedStatus, type ShownStatus, StatusBoard, type StatusBoardPorts } from './status-board.ts'
