/** Config files that are built into the executable as text. */
declare module "*.jsonc" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: this is how the loader gives a text file
  export default text;
}
