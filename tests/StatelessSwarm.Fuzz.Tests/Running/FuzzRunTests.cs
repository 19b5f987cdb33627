using Microsoft.Extensions.Time.Testing;
using StatelessSwarm.Fuzz.Running;
using StatelessSwarm.Fuzz.Targets;

namespace StatelessSwarm.Fuzz.Tests.Running;

/// <summary>The runner finds what it is there to find: each kind of fault, in a target that has it.</summary>
public sealed class FuzzRunTests
{
    [Fact]
    public void Try_ReaderThatThrows_IsACrash()
    {
        var crash = new FuzzRun(new FaultyTarget(_ => throw new InvalidOperationException("oh")), TimeProvider.System).Try([1, 2], "here");
        Assert.Contains("oh", crash!.Reason, StringComparison.Ordinal);
        Assert.Contains("here, 2 bytes 0102", crash.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Try_ReaderThatAllocatesTooMuch_IsACrash()
    {
        var kept = Array.Empty<byte>();
        var run = new FuzzRun(new FaultyTarget(_ => kept = new byte[8 * 1024 * 1024]), TimeProvider.System);
        Assert.Contains("allocated", run.Try([1], "")!.Reason, StringComparison.Ordinal);
        Assert.NotEmpty(kept);
    }

    [Fact]
    public async Task Run_ReaderThatLoops_IsACrashAfterAWhile()
    {
        var time = new FakeTimeProvider();
        using var release = new ManualResetEventSlim();
        using var isIn = new ManualResetEventSlim();
        var run = new FuzzRun(
            new FaultyTarget(_ =>
            {
                isIn.Set();
                release.Wait();
            }),
            time
        );
        var running = run.RunAsync(1, TimeSpan.FromSeconds(1));
        isIn.Wait();
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }
        Assert.Contains("still running", (await running)!.Reason, StringComparison.Ordinal);
        release.Set();
    }

    [Fact]
    public async Task Run_ReaderWithARareFault_IsFoundAndReproducedBySeed()
    {
        static void Read(byte[] input)
        {
            if (input.Length > 2 && input[0] == 0xff && input[1] == 0x7f)
                throw new BrokenPropertyException("found");
        }
        var first = await new FuzzRun(new FaultyTarget(Read), TimeProvider.System).RunAsync(3, TimeSpan.FromSeconds(60));
        var again = await new FuzzRun(new FaultyTarget(Read), TimeProvider.System).RunAsync(3, TimeSpan.FromSeconds(60));
        Assert.Equal(first!.Input, again!.Input);
        Assert.Equal(first.Origin, again.Origin);
    }

    private sealed class FaultyTarget(Action<byte[]> read) : FuzzTarget
    {
        public override string Name => "none";

        public override IReadOnlyList<byte[]> Words => [[0xff, 0x7f]];

        public override void Run(ReadOnlySpan<byte> input) => read(input.ToArray());

        public override IEnumerable<(string Name, byte[] Bytes)> Seeds() => [];
    }
}
