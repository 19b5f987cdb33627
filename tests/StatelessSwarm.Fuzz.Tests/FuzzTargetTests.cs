using StatelessSwarm.Fuzz.Running;
using StatelessSwarm.Fuzz.Targets;

namespace StatelessSwarm.Fuzz.Tests;

/// <summary>
/// Every target: its corpus, entry by entry, and a burst of made inputs (2 s; 60 s where STATELESS_NIGHTLY is 1, with a seed that the
/// failure names). The last recorded crash of a reader stays in its corpus, so a fixed bug cannot come back unseen.
/// </summary>
public sealed class FuzzTargetTests(ITestOutputHelper output)
{
    private const int Seed = 1;
    private const int MaxInputs = 200_000;

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Corpus_EveryEntry_IsReadWithoutFault(string name)
    {
        var target = FuzzTarget.Find(name)!;
        var corpus = FuzzCorpus.Read(target);
        Assert.NotEmpty(corpus);
        var run = new FuzzRun(target, TimeProvider.System);
        // What is allocated once per process is not the first entry's.
        run.Try(corpus[0].Bytes, "warm-up");
        Assert.All(corpus, entry => Assert.Null(run.Try(entry.Bytes, entry.Name)));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public async Task Burst_MadeInputs_FindNothing(string name)
    {
        var target = FuzzTarget.Find(name)!;
        var isNightly = Environment.GetEnvironmentVariable("STATELESS_NIGHTLY") == "1";
        var run = new FuzzRun(target, TimeProvider.System);
        var crash = isNightly
            ? await run.RunAsync(Seed, TimeSpan.FromSeconds(60))
            : await run.RunAsync(Seed, TimeSpan.FromSeconds(2), MaxInputs);
        output.WriteLine($"{name}: {run.Inputs} inputs");
        Assert.True(crash is null, crash is null ? "" : $"{crash}\nwritten to {FuzzCorpus.WriteCrash(target, crash.Input)}");
        Assert.True(run.Inputs > FuzzCorpus.Read(target).Count);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Seeds_OfOurWriters_AreInTheCorpus(string name)
    {
        var target = FuzzTarget.Find(name)!;
        var corpus = FuzzCorpus.Read(target).ToDictionary(entry => entry.Name, entry => entry.Bytes);
        Assert.All(
            target.Seeds(),
            seed => Assert.True(
                corpus.TryGetValue($"seed-{seed.Name}", out var bytes) && bytes.AsSpan().SequenceEqual(seed.Bytes),
                $"seed-{seed.Name} is not in the corpus: tools/fuzz --write-seeds"
            )
        );
    }
}
