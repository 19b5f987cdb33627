using StatelessSwarm.Fuzz.Mutation;
using StatelessSwarm.Fuzz.Targets;

namespace StatelessSwarm.Fuzz.Running;

/// <summary>Runs one target: its corpus, then inputs made from it, until an input breaks it, the time is over or enough were run.</summary>
public sealed class FuzzRun(FuzzTarget target, TimeProvider time)
{
    /// <summary>Inputs of one run at most.</summary>
    public const int MaxInputs = 50_000_000;

    /// <summary>No input may take longer; a reader that does is taken to be in a loop. A hundred thousand times the usual.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private byte[] _input = [];
    private long _startedAt;

    /// <summary>Inputs run so far.</summary>
    public int Inputs { get; private set; }

    /// <summary>One input; null when all is well.</summary>
    public FuzzCrash? Try(byte[] input, string origin)
    {
        Volatile.Write(ref _input, input);
        Volatile.Write(ref _startedAt, time.GetTimestamp());
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            target.Run(input);
        }
#pragma warning disable CA1031 // Whatever it throws is the finding.
        catch (Exception fault)
        {
            return new FuzzCrash(target, origin, input, fault.ToString());
        }
#pragma warning restore CA1031
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Inputs++;
        return allocated > target.MaxAllocated(input.Length)
            ? new FuzzCrash(target, origin, input, $"allocated {allocated} bytes, at most {target.MaxAllocated(input.Length)} are allowed")
            : null;
    }

    /// <summary>Runs until something breaks; null when nothing did. Never hangs: an input that takes too long is a finding.</summary>
    /// <param name="seed">First number of the series of made inputs.</param>
    /// <param name="duration">How long to go on making inputs.</param>
    /// <param name="maxInputs">Most made inputs.</param>
    public async Task<FuzzCrash?> RunAsync(int seed, TimeSpan duration, int maxInputs = MaxInputs)
    {
        Volatile.Write(ref _startedAt, time.GetTimestamp());
        var run = Task.Run(() => Run(seed, duration, maxInputs));
        while (true)
        {
            try
            {
                return await run.WaitAsync(Patience, time);
            }
            catch (TimeoutException)
            {
                if (time.GetElapsedTime(Volatile.Read(ref _startedAt)) >= Patience)
                    return new FuzzCrash(target, $"seed {seed}", Volatile.Read(ref _input), $"still running after {Patience}");
            }
        }
    }

    private FuzzCrash? Run(int seed, TimeSpan duration, int maxInputs)
    {
        var corpus = FuzzCorpus.Read(target);
        foreach (var (name, bytes) in corpus)
        {
            if (Try(bytes, name) is { } crash)
                return crash;
        }
        var mutator = new Mutator([.. corpus.Select(entry => entry.Bytes)], target.Words, target.MaxInput);
        var start = time.GetTimestamp();
        for (var number = 0; number < maxInputs && time.GetElapsedTime(start) < duration; number++)
        {
            if (Try(mutator.Make(seed, number), $"seed {seed}, input {number}") is { } crash)
                return crash;
        }
        return null;
    }
}
