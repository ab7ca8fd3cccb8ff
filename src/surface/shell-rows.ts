import type { CommandRow } from './row.ts';

/** The shell's own. @param all for these complete all others, and themselves */
export const shellRows = (all: () => readonly CommandRow[]): readonly CommandRow[] => [
  {
    name: 'completion <shell>',
    summary: 'print a shell completion script for bash, zsh, fish or powershell',
    examples: [
      'source <(mlreg completion bash)     # in ~/.bashrc; needs bash-completion',
      'source <(mlreg completion zsh)      # in ~/.zshrc',
      'mlreg completion fish > ~/.config/fish/completions/mlreg.fish',
    ],
    load: async () => (await import('../commands/completion.ts')).completion,
  },
  {
    name: 'complete [words...]',
    summary: 'answer a completion request of the shell',
    examples: ['mlreg complete -- deploy --strategy ""'],
    hidden: true,
    load: async () => {
      const [{ complete }, { choices, globalOptions }] = await Promise.all([
        import('../commands/completion.ts'),
        import('./global-options.ts'),
      ]);
      return complete({ commands: all().filter(({ hidden }) => hidden !== true), globalOptions, choices });
    },
  },
];
