using System.Threading.Channels;
using StatelessSwarm.Content.Torrents;
using StatelessSwarm.Content.Values;

namespace StatelessSwarm.Swarm.Storage;

/// <summary>
/// Checks the pieces of a v1-only torrent while it is downloaded, beside the torrent's owner: reads a whole piece back, out of the
/// page cache as a rule, and compares its SHA-1. The engine bounds how many wait.
/// </summary>
internal sealed class PieceChecker : IAsyncDisposable
{
    private readonly Metainfo _metainfo;
    private readonly PieceFiles _files;
    private readonly Func<PieceIndex, bool, Exception?, Task> _report;
    private readonly Channel<PieceIndex> _pieces = Channel.CreateUnbounded<PieceIndex>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _workers;

    /// <param name="metainfo">The torrent.</param>
    /// <param name="files">Its files; must outlive this.</param>
    /// <param name="workers">Pieces hashed at the same time.</param>
    /// <param name="report">Told each piece and whether it is right, or why its file cannot be read; never fails.</param>
    public PieceChecker(Metainfo metainfo, PieceFiles files, int workers, Func<PieceIndex, bool, Exception?, Task> report)
    {
        _metainfo = metainfo;
        _files = files;
        _report = report;
        _workers = [.. Enumerable.Range(0, workers).Select(_ => Task.Run(WorkAsync))];
    }

    /// <summary>A piece has been written; never waits.</summary>
    public void Check(PieceIndex piece) => _pieces.Writer.TryWrite(piece);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        PieceVerifier? verifier = null;
        try
        {
            while (true)
            {
                var piece = await _pieces.Reader.ReadAsync(_stop.Token);
                verifier ??= new PieceVerifier(_metainfo, _files, isStrict: true);
                var (isRight, fault) = Look(verifier, piece);
                await _report(piece, isRight, fault);
            }
        }
        catch (OperationCanceledException)
        {
            // DisposeAsync asked for it.
        }
        finally
        {
            verifier?.Dispose();
        }
    }

    private static (bool IsRight, Exception? Fault) Look(PieceVerifier verifier, PieceIndex piece)
    {
        try
        {
            return (verifier.IsRight(piece), null);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return (false, fault);
        }
    }
}
