using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Testing;

namespace StatelessSwarm.Simulation.Tests.Faults;

/// <summary>
/// Random fault scenarios, each made from its number: a handful, and those that once broke a rule; 200 more where STATELESS_NIGHTLY is 1.
/// A number that fails is printed: <c>tools/sim --faults 1 --first-seed N</c> runs it again; it goes into regressions.txt with its fix.
/// </summary>
public sealed class FaultScenarioTests(ITestOutputHelper output)
{
    private const int Nightly = 200;
    private const long NightlyFirst = 1000;

    public static TheoryData<long> Handful => [1, 9, 13];

    public static TheoryData<long> Regressions =>
        [
            .. File.ReadLines(Path.Combine(RepositoryRoot.Path, "tests/StatelessSwarm.Simulation.Tests/Faults/regressions.txt"))
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => long.Parse(line.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)),
        ];

    [Theory]
    [MemberData(nameof(Handful))]
    [MemberData(nameof(Regressions))]
    public void Faults_OfANumber_NoRuleIsBrokenAndEveryoneAliveFinishes(long seed) => Assert.Null(BreachOf(seed));

    [Fact]
    public void Faults_ManyNumbersAtNight_NoRuleIsBrokenAndEveryoneAliveFinishes()
    {
        var (first, count) = Environment.GetEnvironmentVariable("STATELESS_NIGHTLY") == "1" ? (NightlyFirst, Nightly) : (8, 1);
        var failed = new List<string>();
        for (var seed = first; seed < first + count; seed++)
        {
            if (BreachOf(seed) is { } breach)
                failed.Add(breach);
        }
        Assert.Empty(failed);
    }

    [Fact]
    public void Draw_SameNumber_SameScenarioOtherNumberAnother()
    {
        var first = FaultDraw.Make(77);
        Assert.Equal(first with { Sites = [], Faults = [], Starts = new Starts() }, FaultDraw.Make(77) with { Sites = [], Faults = [], Starts = new Starts() });
        Assert.Equal(first.Faults, FaultDraw.Make(77).Faults);
        Assert.NotEqual(first.Faults, FaultDraw.Make(78).Faults);
        Assert.All(
            Enumerable.Range(1, 200).Select(seed => FaultDraw.Make(seed)),
            scenario => Assert.InRange(scenario.NodeCount, FaultDraw.LeastNodes / 2, FaultDraw.MostNodes)
        );
    }

    private string? BreachOf(long seed)
    {
        var run = Run.Of(FaultDraw.Make(seed), seed);
        var faults = string.Join(' ', run.Swarm.Scenario.Faults.Select(fault => fault.Kind));
        output.WriteLine($"number {seed}: {run.Report.Nodes} nodes, last {run.Report.DoneSeconds.Last:f1} s, {faults}: {(run.Report.IsGood ? "good" : run.FirstBreach)}");
        return run.Report.IsGood ? null : $"seed number {seed}: {run.FirstBreach}";
    }
}
