// Folders of the simulated machine, and what an import of one of them gives.
import type { ApiError, DefinitionImportRequest, FolderReport, FoundFile, ImportReport } from "../../bindings";

/** A folder in which there is a choice to make. */
export const CHOICE = "/home/dev/projects/storefront";

export function inspect(path: string): FolderReport {
  const file = (name: string, kind: FoundFile["kind"], services: number | null, problems = 0): FoundFile => ({ path: `${path}/${name}`, kind, services, problems });
  if (path === CHOICE) return { path, files: [file("compose.yaml", "compose", 6), file("deploy/compose.prod.yaml", "compose", 4, 2), file("AppHost/aspire-manifest.json", "aspire", 9)] };
  if (path.endsWith("empty")) return { path, files: [] };
  return { path, files: [file("benchtop.yaml", "benchtop", 13)] };
}

const written = new Set<string>([`${CHOICE}/benchtop.yaml`]);

export function importFile({ path, output, overwrite }: DefinitionImportRequest): ImportReport {
  if (output !== null && written.has(output) && !overwrite)
    throw { code: "invalid", message: `${output} exists already`, hint: "Choose another name, or allow to replace it", problems: [] } satisfies ApiError;
  return { file: output, text: TEXT, notes: [
    { severity: "warning", place: { file: path, line: 41, column: 5 }, message: "The resource “keyvault” is of Azure and cannot run here", hint: "It was written as a comment; give its values by variables", excerpt: { line_text: '    "keyvault": { "type": "azure.bicep.v0", "path": "keyvault.module.bicep" },', column: 6, length: 8 } },
    { severity: "warning", place: { file: path, line: 63, column: 9 }, message: "The parameter “sqlPassword” is a secret without a value", hint: "Put it into .env", excerpt: null },
  ] };
}

const TEXT = `# yaml-language-server: $schema=https://benchtop.dev/schema/benchtop.json
name: storefront

services:
  postgres:
    image: postgres:17.2
    environment: { POSTGRES_PASSWORD: "\${SQLPASSWORD}" }
    endpoints: { tcp: 5432 }

  catalog-api:
    process: dotnet run --project ../Catalog.Api
    endpoints: { http: auto }
    references: [postgres]

  # keyvault: of Azure (azure.bicep.v0), cannot run here
`;
