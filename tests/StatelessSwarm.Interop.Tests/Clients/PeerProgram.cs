using System.Net;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Interop.Tests.Clients;

/// <summary>
/// A BitTorrent program run beside us: without DHT, PEX, uTP, LSD and port mapping, with the one torrent it is given. It is killed when the
/// test lets go of it.
/// </summary>
internal abstract class PeerProgram : IAsyncDisposable
{
    /// <summary>How long anything may take on a machine that is busy with other work.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly PeerProgramOptions _options;
    private readonly LineProcess _process;

    /// <summary>Starts it.</summary>
    /// <param name="options">What it takes part in.</param>
    /// <param name="prepare">Writes the program's own configuration into the home directory and returns its command line.</param>
    /// <param name="environment">Set for the program.</param>
    protected PeerProgram(
        PeerProgramOptions options,
        Func<PeerProgramOptions, IReadOnlyList<string>> prepare,
        params IEnumerable<KeyValuePair<string, string>> environment
    )
    {
        _options = options;
        Directory.CreateDirectory(options.ContentDirectory);
        if (options.IsSeed)
            LayOutContent(options);
        var command = prepare(options);
        _process = LineProcess.Start(command[0], [.. command.Skip(1)], new Dictionary<string, string>(environment), isForeign: true);
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => _options.EndPoint;

    /// <summary>It has the whole content from the start.</summary>
    protected bool IsSeed => _options.IsSeed;

    /// <summary>Everything it has logged.</summary>
    public string Log => _process.Written;

    /// <summary>Lines of its log that speak of a hash failure, a ban or a broken rule of the protocol.</summary>
    public IReadOnlyList<string> Complaints => [.. Log.Split('\n').Where(IsComplaint)];

    /// <summary>True when its files hold the torrent's content.</summary>
    public bool HasContent
    {
        get
        {
            var directory = FilesDirectory(_options);
            return _options
                .Sample.Metainfo.Info.Files.Zip(_options.Sample.Paths)
                .Where(pair => CreatesEmptyFiles || pair.First.Length > 0)
                .All(pair =>
                    File.Exists(Path.Combine(directory, pair.First.Path))
                    && File.ReadAllBytes(Path.Combine(directory, pair.First.Path)).AsSpan().SequenceEqual(File.ReadAllBytes(pair.Second))
                );
        }
    }

    /// <summary>Waits until it listens and has looked at the files it has.</summary>
    /// <exception cref="TimeoutException">It did not; the message holds its log.</exception>
    public Task WaitUntilReadyAsync() => _process.WaitForAsync(IsReadyLine, Patience);

    /// <summary>Waits until one that is no seed has everything.</summary>
    /// <exception cref="TimeoutException">It did not get it; the message holds its log.</exception>
    public Task WaitUntilCompleteAsync() => _process.WaitForAsync(IsCompleteLine, Patience);

    /// <summary>Waits for a line of its log.</summary>
    /// <exception cref="TimeoutException">It did not come; the message holds its log.</exception>
    public Task WaitUntilAsync(Predicate<string> isLine) => _process.WaitForAsync(isLine, Patience);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();

    /// <summary>False for a program that leaves files of no bytes out.</summary>
    protected virtual bool CreatesEmptyFiles => true;

    /// <summary>The line of the log after which it can be connected to.</summary>
    protected abstract bool IsReadyLine(string line);

    /// <summary>The line of the log after which a download is complete and in the files.</summary>
    protected abstract bool IsCompleteLine(string line);

    /// <summary>A line that a faultless transfer does not cause.</summary>
    protected abstract bool IsComplaint(string line);

    /// <summary>True when the line holds one of the texts.</summary>
    protected static bool Holds(string line, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            if (line.Contains(text, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private static string FilesDirectory(PeerProgramOptions options)
    {
        var info = options.Sample.Metainfo.Info;
        return info.IsMultiFile ? Path.Combine(options.ContentDirectory, info.Name) : options.ContentDirectory;
    }

    /// <summary>Copies the content, with pad files (BEP 47) as the files that programs take them for which do not know them.</summary>
    private static void LayOutContent(PeerProgramOptions options)
    {
        var directory = Directory.CreateDirectory(FilesDirectory(options)).FullName;
        long end = 0;
        foreach (var (file, source) in options.Sample.Metainfo.Info.Files.Zip(options.Sample.Paths))
        {
            File.Copy(source, Path.Combine(directory, file.Path));
            if (file.Length == 0)
                continue;
            if (file.Offset > end)
                WritePad(directory, file.Offset - end);
            end = file.Offset + file.Length;
        }
    }

    private static void WritePad(string directory, long length)
    {
        var pads = Directory.CreateDirectory(Path.Combine(directory, ".pad")).FullName;
        File.WriteAllBytes(Path.Combine(pads, $"{length}"), new byte[length]);
    }
}
