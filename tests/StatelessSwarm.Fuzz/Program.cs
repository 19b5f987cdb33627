using System.Globalization;
using StatelessSwarm.Fuzz.Running;
using StatelessSwarm.Fuzz.Targets;

const string Usage = """
    tools/fuzz TARGET [--seconds N] [--seed N] [--input FILE]
      TARGET         one of the names below, or `all`
      --seconds N    how long to make inputs, each target (default 60)
      --seed N       series of inputs (default 1); the same series is the same inputs
      --input FILE   run this one input only
    tools/fuzz --write-seeds    writes the seeds that our own writers make into the corpus

    An input that breaks its target is written to tests/StatelessSwarm.Fuzz/Corpus/TARGET/crash-*: fix the reader and commit both.
    """;

if (args is ["--write-seeds"])
{
    foreach (var target in FuzzTarget.All)
        Console.WriteLine($"{target.Name}: {FuzzCorpus.WriteSeeds(target)} seeds");
    return 0;
}
var seconds = 60;
var seed = 1;
string? file = null;
for (var at = 1; at < args.Length; at += 2)
{
    var value = at + 1 < args.Length ? args[at + 1] : "";
    var isRight = args[at] switch
    {
        "--seconds" => int.TryParse(value, CultureInfo.InvariantCulture, out seconds) && seconds >= 0,
        "--seed" => int.TryParse(value, CultureInfo.InvariantCulture, out seed),
        "--input" => (file = value).Length > 0,
        _ => false,
    };
    if (isRight)
        continue;
    Console.Error.WriteLine($"fuzz: {args[at]} {value}: no such option, or not its value");
    return 2;
}
if (args.Length == 0 || args[0] is "-h" or "--help")
{
    Console.WriteLine(Usage);
    Console.WriteLine($"Targets: {string.Join(", ", FuzzTarget.All)}");
    return args.Length == 0 ? 2 : 0;
}
FuzzTarget[] targets = args[0] == "all" ? [.. FuzzTarget.All] : [.. FuzzTarget.All.Where(target => target.Name == args[0])];
if (targets.Length == 0)
{
    Console.Error.WriteLine($"fuzz: {args[0]}: no such target; there are: all, {string.Join(", ", FuzzTarget.All)}");
    return 2;
}
var crashes = 0;
foreach (var target in targets)
{
    var run = new FuzzRun(target, TimeProvider.System);
    var crash = file is null
        ? await run.RunAsync(seed, TimeSpan.FromSeconds(seconds))
        : run.Try(await File.ReadAllBytesAsync(file), file);
    if (crash is null)
    {
        Console.WriteLine($"{target.Name}: {run.Inputs} inputs, nothing found");
        continue;
    }
    crashes++;
    Console.WriteLine(crash);
    if (file is null)
        Console.WriteLine($"written to {FuzzCorpus.WriteCrash(target, crash.Input)}");
}
return crashes == 0 ? 0 : 1;
