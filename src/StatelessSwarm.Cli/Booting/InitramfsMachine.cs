using System.Globalization;
using StatelessSwarm.Cli.Booting.Media;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Platform.Machine;
using StatelessSwarm.Platform.Mounts;
using StatelessSwarm.Roots.Booting;
using StatelessSwarm.Roots.Releases;

namespace StatelessSwarm.Cli.Booting;

/// <summary>The machine as seen from an initramfs: interfaces, the cache device, memory. Uses the programs that every initramfs has.</summary>
/// <param name="parameters">What the command line says.</param>
/// <param name="runDirectory">Where mounts and notes go.</param>
/// <param name="tools">Finds programs.</param>
/// <param name="console">Receives lines for a person.</param>
/// <param name="time">Clock.</param>
internal sealed class InitramfsMachine(BootParameters parameters, string runDirectory, ToolLocator tools, TextWriter console, TimeProvider time)
    : IBootMachine, IAsyncDisposable
{
    private const int SeedPort = 8080;

    /// <summary>Least room for releases in memory: below, nothing fits anyway.</summary>
    private const long LeastMemory = 16L << 20;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SayInterval = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait for a cache device that the parameters do not ask for by name.</summary>
    private static readonly TimeSpan AutomaticCacheWait = TimeSpan.FromSeconds(3);

    /// <summary>Longest wait for any disk to show up.</summary>
    private static readonly TimeSpan DiskWait = TimeSpan.FromMilliseconds(500);

    private readonly InterfaceSetup _interfaces = new(runDirectory, tools, time);
    private MediumServer? _medium;

    /// <inheritdoc/>
    public void Say(string line)
    {
        console.WriteLine($"stateless: {line}");
        console.Flush();
    }

    /// <inheritdoc/>
    public async Task<BootCache> OpenCacheAsync(BootMode mode, CancellationToken cancellation)
    {
        var note = "";
        if (mode != BootMode.Memory && parameters.Cache != "none")
        {
            try
            {
                return new BootCache(await MountCacheAsync(mode, cancellation), true, "");
            }
            catch (Exception fault) when (fault is CommandException or IOException && mode == BootMode.Automatic)
            {
                // no disk is no fault when nobody said that there is one
                note = fault is CommandException { Code: ExitCode.Nothing } ? "" : $"{fault.Message}; keeping releases in memory";
            }
            catch (CommandException fault)
            {
                throw new IOException(fault.Message, fault);
            }
        }
        else if (mode == BootMode.Cache)
        {
            throw new IOException("rd.stateless.mode=cache and rd.stateless.cache=none contradict each other");
        }
        return new BootCache(MountMemory(), false, note);
    }

    /// <inheritdoc/>
    public async Task<Uri?> OpenMediumAsync(CancellationToken cancellation)
    {
        if (_medium is not null)
            return _medium.Address;
        if (parameters.Medium is not { } name)
            return null;
        try
        {
            var target = Path.Combine(runDirectory, "medium");
            var device = await FindAsync(name, parameters.CacheTimeout, () => true, cancellation);
            Directory.CreateDirectory(target);
            await MountMediumAsync(device, target, cancellation);
            var repository = Path.Combine(target, LiveImage.RepositoryFolder);
            if (!Directory.Exists(repository))
            {
                // It will be looked for again.
                FileSystemMount.Unmount(target, isLazy: true);
                throw new IOException($"{device}: no folder {LiveImage.RepositoryFolder}, expected a medium of stateless boot iso");
            }
            _medium = MediumServer.Start(repository);
            return _medium.Address;
        }
        catch (CommandException fault)
        {
            throw new IOException(fault.Code == ExitCode.Nothing ? $"no medium {name}" : fault.Message, fault);
        }
    }

    /// <inheritdoc/>
    public async Task<BootNetwork> ConnectAsync(TimeSpan? link, TimeSpan? address, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        var said = begun;
        long? linkAt = null;
        while (true)
        {
            var state = await _interfaces.StepAsync(parameters.Address, parameters.BootInterface, cancellation);
            if (state == BootNetworkState.Ready)
                return new BootNetwork(state, SeedFromDhcp());
            if (state == BootNetworkState.NoAddress)
                linkAt ??= time.GetTimestamp();
            if (linkAt is null && link is { } longestLink && time.GetElapsedTime(begun) >= longestLink)
                return new BootNetwork(BootNetworkState.NoLink, null);
            if (linkAt is { } since && address is { } longestAddress && time.GetElapsedTime(since) >= longestAddress)
                return new BootNetwork(BootNetworkState.NoAddress, null);
            if (time.GetElapsedTime(said) >= SayInterval)
            {
                said = time.GetTimestamp();
                Say(state == BootNetworkState.NoLink ? "waiting for a network interface with a carrier" : "waiting for an address");
            }
            await Task.Delay(Poll, time, cancellation);
        }
    }

    /// <inheritdoc/>
    public string StartKernel(StoredRelease release, string word)
    {
        if (release.Manifest.Files.FirstOrDefault(file => file.Role == ReleaseFileRole.Kernel) is not { } kernel)
            return "";
        try
        {
            if (KernelImage.ReadVersion(release.PathOf(kernel)) is not { } version)
                return $"{kernel.Name}: does not say which kernel it is; going on with the one that runs";
            if (KernelImage.IsRunning(version, ReadKernel("osrelease"), ReadKernel("version")))
                return "";
            if (release.Manifest.Files.FirstOrDefault(file => file.Role == ReleaseFileRole.Initrd) is not { } initrd)
                return $"release {release.Manifest.Version} brings a kernel and no initrd; going on with the kernel that runs";
            var line = string.Join(' ', File.ReadAllText("/proc/cmdline").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim()).Append(word));
            KernelExecution.Load(release.PathOf(kernel), release.PathOf(initrd), line);
            Say($"starting the kernel of release {release.Manifest.Version}: {version}");
            KernelExecution.Start();
            return "";
        }
        catch (IOException fault)
        {
            return $"the kernel of release {release.Manifest.Version} cannot be started: {fault.Message}";
        }
    }

    /// <inheritdoc/>
    public BootMount Mount(StoredRelease release, BootMountOptions options)
    {
        var mounted = BootMounter.Mount(release, options);
        if (!mounted.IsVerified)
            Say($"blocks are not checked while they are read: {mounted.Note}");
        return mounted;
    }

    /// <summary>Ends what serves the boot only; addresses stay.</summary>
    public async ValueTask DisposeAsync()
    {
        await _interfaces.DisposeAsync();
        if (_medium is null)
            return;
        await _medium.DisposeAsync();
        // All of it is in memory: the medium may be taken out.
        FileSystemMount.Unmount(Path.Combine(runDirectory, "medium"), isLazy: true);
    }

    private async Task MountMediumAsync(string device, string target, CancellationToken cancellation)
    {
        try
        {
            await MountAsync(device);
        }
        catch (CommandException) when (DiskOf(device) is not null)
        {
            // On a stick the medium is the whole disk; partitions within it, for machines of other kinds, have the same label.
            await MountAsync(DiskOf(device)!);
        }

        Task MountAsync(string from) => Applet.Of(tools, "mount", ["-t", "iso9660", "-o", "ro,nosuid,nodev,noexec", from, target]).RunAsync(cancellation);
    }

    /// <summary>The disk that a partition is of; null for what is none.</summary>
    private static string? DiskOf(string device)
    {
        var entry = new DirectoryInfo(Path.Combine("/sys/class/block", Path.GetFileName(device)));
        return File.Exists(Path.Combine(entry.FullName, "partition")) && Path.GetDirectoryName(entry.LinkTarget) is { } parent ? "/dev/" + Path.GetFileName(parent) : null;
    }

    private async Task<string> MountCacheAsync(BootMode mode, CancellationToken cancellation)
    {
        var target = Path.Combine(runDirectory, "cache");
        if (MountTable.Read().All(entry => entry.MountPoint != target))
        {
            var device = await FindCacheAsync(mode, cancellation);
            Directory.CreateDirectory(target);
            await Applet.Of(tools, "mount", ["-o", "nosuid,nodev,noexec,noatime", device, target]).RunAsync(cancellation);
        }
        return Path.Combine(target, "stateless");
    }

    private async Task<string> FindCacheAsync(BootMode mode, CancellationToken cancellation)
    {
        var isAutomatic = mode == BootMode.Automatic;
        var begun = time.GetTimestamp();
        return await FindAsync(
            parameters.Cache,
            isAutomatic && parameters.CacheTimeout > AutomaticCacheWait ? AutomaticCacheWait : parameters.CacheTimeout,
            () => !isAutomatic || time.GetElapsedTime(begun) < DiskWait || HasDisk(),
            cancellation
        );
    }

    /// <summary>The device of a name, once it has shown up.</summary>
    /// <exception cref="CommandException">It does not show up in time, or it no longer makes sense to wait.</exception>
    private async Task<string> FindAsync(string name, TimeSpan longest, Func<bool> mayCome, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (true)
        {
            if (await TryFindAsync(name, cancellation) is { } device)
                return device;
            if (time.GetElapsedTime(begun) >= longest || !mayCome())
                throw new CommandException(ExitCode.Nothing, $"no device {name}");
            await Task.Delay(Poll, time, cancellation);
        }
    }

    private async Task<string?> TryFindAsync(string cache, CancellationToken cancellation)
    {
        if (cache.StartsWith('/'))
            return File.Exists(cache) ? cache : null;
        var found = new System.Text.StringBuilder();
        try
        {
            await Applet.Of(tools, "findfs", [cache], text => found.Append(text.Span)).RunAsync(cancellation);
        }
        catch (CommandException)
        {
            return null;
        }
        return found.ToString().Trim() is { Length: > 0 } device ? device : null;
    }

    private static bool HasDisk() =>
        Directory.Exists("/sys/class/block")
        && Directory.EnumerateFileSystemEntries("/sys/class/block").Select(Path.GetFileName).Any(name => name is not null && !name.StartsWith("loop", StringComparison.Ordinal) && !name.StartsWith("ram", StringComparison.Ordinal) && !name.StartsWith("dm-", StringComparison.Ordinal));

    private string MountMemory()
    {
        var target = Path.Combine(runDirectory, "memory");
        if (MountTable.Read().All(entry => entry.MountPoint != target))
        {
            Directory.CreateDirectory(target);
            var room = Math.Max(LeastMemory, TotalMemory() - parameters.MinimumMemory);
            FileSystemMount.Mount(
                "stateless",
                target,
                "tmpfs",
                MountFlags.NoSetUserId | MountFlags.NoDevices | MountFlags.NoExecution,
                string.Create(CultureInfo.InvariantCulture, $"size={room},mode=0755")
            );
        }
        return Path.Combine(target, "stateless");
    }

    private static string ReadKernel(string name) => File.ReadAllText("/proc/sys/kernel/" + name).Trim();

    private static long TotalMemory()
    {
        // MemTotal:  1024 kB
        foreach (var line in File.ReadLines("/proc/meminfo"))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal))
                return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
        }
        return 0;
    }

    private Uri? SeedFromDhcp()
    {
        var path = Path.Combine(runDirectory, "dhcp");
        if (!File.Exists(path))
            return null;
        var facts = File.ReadLines(path).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        if (facts.TryGetValue("file", out var file) && Uri.TryCreate(file, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp)
            return new Uri(url, "/");
        return facts.TryGetValue("server", out var server) && System.Net.IPAddress.TryParse(server, out var address) && !address.Equals(System.Net.IPAddress.Any)
            ? new Uri($"http://{address}:{SeedPort}/")
            : null;
    }
}
