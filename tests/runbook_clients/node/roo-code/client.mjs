// Roo Code: it runs in an editor alone, but publishes the schema that its import of settings goes by.

import { providerSettingsWithIdSchema } from "@roo-code/types";

import { exportedText, report } from "../told.mjs";

await report(() => {
  const { providerProfiles } = JSON.parse(exportedText("roo-code-settings.json"));
  const { currentApiConfigName, apiConfigs } = providerProfiles;
  // Its own import takes away what it does not know: here that is an error.
  const settings = providerSettingsWithIdSchema.parse(apiConfigs[currentApiConfigName]);
  return { fits: true, model: settings.openAiModelId, base: settings.openAiBaseUrl };
});
