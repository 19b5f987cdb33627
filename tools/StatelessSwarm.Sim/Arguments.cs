using System.Globalization;

namespace StatelessSwarm.Sim;

/// <summary>What was said on the command line.</summary>
internal sealed record Arguments
{
    /// <summary>The text of --help.</summary>
    public const string Help = """
        Simulates a swarm: the node's own engine on a virtual network and clock. The same scenario and seed number give the same run.

          tools/sim SCENARIO.json [--seed N] [--json FILE] [--plots DIR] [--threads N] [--deadline SECONDS] [--quiet]
          tools/sim --faults N [--first-seed S] [--threads N] [--quiet]

          SCENARIO.json         what is simulated: docs/simulator.md; ready-made ones are in tools/scenarios
          --seed N              decides everything that is left to chance; default 1
          --json FILE           writes all figures; - for standard output
          --plots DIR           writes completion.svg, wan.svg and messages.svg
          --threads N           sites simulated at a time; the run is the same with any number; default: as many as there are processors
          --deadline SECONDS    another deadline than the scenario's, in virtual seconds
          --trace NODE          what comes to a node (1.3: the third of the first site; s.1: the first seed) and what its engine wants, to standard error
          --keep-going          a broken rule does not end the run
          --quiet               no progress
          --faults N            N random scenarios of 20 to 200 nodes with random faults, each made from its seed number
          --first-seed S        the first of these numbers; default 1; with --trace the node is watched

        Exit code 0: everybody finished and no rule was broken; 1: a rule was broken; 2: wrong arguments or a wrong scenario.
        Example: tools/sim tools/scenarios/s3-branches.json --seed 7 --plots out
        """;

    /// <summary>The scenario's file; null with <see cref="Faults"/>.</summary>
    public string? Scenario { get; private init; }

    /// <summary>Seed number.</summary>
    public long Seed { get; private init; } = 1;

    /// <summary>Where figures go; null for nowhere.</summary>
    public string? Json { get; private init; }

    /// <summary>Where pictures go; null for nowhere.</summary>
    public string? Plots { get; private init; }

    /// <summary>Sites simulated at a time.</summary>
    public int Threads { get; private init; } = Environment.ProcessorCount;

    /// <summary>Virtual seconds; null for the scenario's.</summary>
    public double? Deadline { get; private init; }

    /// <summary>The node that is watched; null for none.</summary>
    public string? Trace { get; private init; }

    /// <summary>No progress.</summary>
    public bool IsQuiet { get; private init; }

    /// <summary>A broken rule does not end the run.</summary>
    public bool GoesOn { get; private init; }

    /// <summary>Random fault scenarios; null for none.</summary>
    public int? Faults { get; private init; }

    /// <summary>Number of the first of them.</summary>
    public long FirstSeed { get; private init; } = 1;

    /// <summary>Reads them; an error is one line.</summary>
    public static Arguments? Read(IReadOnlyList<string> words, out string error)
    {
        error = "";
        var read = new Arguments();
        for (var place = 0; place < words.Count; place++)
        {
            var word = words[place];
            var value = place + 1 < words.Count ? words[place + 1] : null;
            var isOption = word.StartsWith("--", StringComparison.Ordinal);
            switch (word)
            {
                case "--quiet":
                    read = read with { IsQuiet = true };
                    continue;
                case "--keep-going":
                    read = read with { GoesOn = true };
                    continue;
                case "--seed" when TryNumber(value, out var seed):
                    read = read with { Seed = seed };
                    break;
                case "--first-seed" when TryNumber(value, out var first):
                    read = read with { FirstSeed = first };
                    break;
                case "--threads" when TryNumber(value, out var threads) && threads is >= 1 and <= 64:
                    read = read with { Threads = (int)threads };
                    break;
                case "--faults" when TryNumber(value, out var faults) && faults is >= 1 and <= 1_000_000:
                    read = read with { Faults = (int)faults };
                    break;
                case "--deadline" when double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1e6:
                    read = read with { Deadline = seconds };
                    break;
                case "--trace" when value is not null:
                    read = read with { Trace = value };
                    break;
                case "--json" when value is not null:
                    read = read with { Json = value };
                    break;
                case "--plots" when value is not null:
                    read = read with { Plots = value };
                    break;
                default:
                    if (isOption || read.Scenario is not null)
                    {
                        error = isOption ? $"{word} is unknown, or {(value is null ? "lacks its value" : $"\"{value}\" is no value for it")} (--help)" : $"{word}: one scenario at a time";
                        return null;
                    }
                    read = read with { Scenario = word };
                    continue;
            }
            place++;
        }
        if (read.Scenario is null == read.Faults is null)
            error = "name one scenario file, or --faults N (--help)";
        return error.Length == 0 ? read : null;
    }

    private static bool TryNumber(string? text, out long number) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
}
