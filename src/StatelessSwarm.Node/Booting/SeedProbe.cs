using System.Net.Sockets;

namespace StatelessSwarm.Node.Booting;

/// <summary>Which of several seeds answers: all are asked at once, the first in the list that took the connection wins.</summary>
internal static class SeedProbe
{
    /// <summary>Longest wait for an answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The seed to use; the first of the list when none answers.</summary>
    public static async Task<Uri> ChooseAsync(IReadOnlyList<Uri> seeds, TimeProvider time, CancellationToken cancellation)
    {
        if (seeds.Count == 1)
            return seeds[0];
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var answers = await Task.WhenAll(seeds.Select(seed => AnswersAsync(seed, either.Token)));
        cancellation.ThrowIfCancellationRequested();
        var first = Array.IndexOf(answers, true);
        return seeds[Math.Max(0, first)];
    }

    private static async Task<bool> AnswersAsync(Uri seed, CancellationToken cancellation)
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(seed.IdnHost, seed.Port, cancellation);
            return true;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
