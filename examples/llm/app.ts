import { llmApp } from './llm-app.ts';

llmApp().synth();
