import type { Told } from '../../observer/story/event.ts'
import type { LabReport } from '../report.ts'
export const drawPicture = (lab: LabReport, story: Told): string => JSON.stringify([lab.title, story.version])
