using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Node.Tests.Booting;

/// <summary>A machine whose disk is a directory, and whose network and mounts do what a test says.</summary>
internal sealed class FakeMachine(string directory) : IBootMachine
{
    public string State { get; } = Path.Combine(directory, "cache");

    public BootNetworkState Network { get; set; } = BootNetworkState.Ready;

    public Uri? SeedOfDhcp { get; set; }

    public HashSet<Sha256Digest> Unmountable { get; } = [];

    /// <summary>No release below this directory mounts.</summary>
    public string? UnmountableIn { get; set; }

    public Action<string>? OnSay { get; set; }

    public int Connects { get; set; }

    public TimeSpan? LinkLimit { get; private set; }

    public TimeSpan? AddressLimit { get; private set; }

    public List<Sha256Digest> Mounted { get; } = [];

    public void Say(string line)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        OnSay?.Invoke(line);
    }

    public Task<BootCache> OpenCacheAsync(BootMode mode, CancellationToken cancellation) =>
        Task.FromResult(mode == BootMode.Memory ? new BootCache(Path.Combine(directory, "memory"), false, "") : new BootCache(State, true, ""));

    public Task<BootNetwork> ConnectAsync(TimeSpan? link, TimeSpan? address, CancellationToken cancellation)
    {
        Connects++;
        (LinkLimit, AddressLimit) = (link, address);
        return Task.FromResult(new BootNetwork(Network, SeedOfDhcp));
    }

    /// <summary>Where the medium's repository is served; null: it is not there.</summary>
    public Uri? Medium { get; set; }

    public Task<Uri?> OpenMediumAsync(CancellationToken cancellation) =>
        Medium is null ? Task.FromException<Uri?>(new IOException("no medium LABEL=LIVE")) : Task.FromResult<Uri?>(Medium);

    /// <summary>What the new kernel's command line was given; null when none was started.</summary>
    public string? StartedWith { get; private set; }

    /// <summary>Releases bring another kernel than the one that runs.</summary>
    public bool HasOtherKernel { get; set; }

    public string StartKernel(StoredRelease release, string word)
    {
        if (!HasOtherKernel)
            return "";
        StartedWith = word;
        throw new KernelStartedException();
    }

    public BootMount Mount(StoredRelease release, BootMountOptions options)
    {
        if (Unmountable.Contains(release.Digest) || (UnmountableIn is { } below && release.Directory.StartsWith(below + "/", StringComparison.Ordinal)))
            throw new IOException($"{release.RootPath}: cannot be mounted");
        Mounted.Add(release.Digest);
        return new BootMount(options.Target, true, "");
    }
}

/// <summary>The machine runs another kernel from here on.</summary>
internal sealed class KernelStartedException : Exception;
