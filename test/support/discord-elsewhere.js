// Loaded into a bot that a test starts as an operator does: production has no setting for where Discord is.
import { DefaultRestOptions } from '@discordjs/rest';

DefaultRestOptions.api = process.env.TEST_DISCORD_API;
