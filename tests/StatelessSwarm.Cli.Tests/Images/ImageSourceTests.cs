using StatelessSwarm.Cli.Images;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Tests.Support;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Content.Manifests;

namespace StatelessSwarm.Cli.Tests.Images;

/// <summary>Images from archives, OCI image layouts and mmdebstrap recipes, compared entry by entry with the tree they should be.</summary>
public sealed class ImageSourceTests : IDisposable
{
    // Names, kinds, modes, owners, devices, hard links, attributes and content of every entry.
    private const string Listing =
        "find . -printf '%P %y %m %U:%G %n %l\\n' | sort; find . -type b -o -type c | sort | xargs -r stat -c '%n %t %T'; "
        + "getfattr -R -d -m - -h . 2>/dev/null; find . -type f -print0 | sort -z | xargs -0 sha256sum";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Goal: an image of layers is the tree a container would see. Method: three layers, each compressed otherwise, replayed by hand.</summary>
    [Theory]
    [InlineData("squashfs", false, true)]
    [InlineData("erofs", false, true)]
    [InlineData("squashfs", true, true)]
    [InlineData("squashfs", true, false)]
    public async Task Build_OciLayout_IsItsLayersOneOverTheOther(string format, bool isArchive, bool asRoot)
    {
        await MakeLayersAsync();
        var source = _directory["app"];
        if (isArchive)
        {
            await Shell.RunAsync(_directory.Path, "tar -czf app.oci.tar -C app .");
            source = _directory["app.oci.tar"];
        }
        await BuildAsync(source, "root.img", format, asRoot);
        await ExtractAsync("root.img", "back");
        var before = await Shell.RunAsync(_directory["merged"], Listing);
        Assert.Contains("security.capability", before, StringComparison.Ordinal);
        Assert.Contains("usr/lib/late f", before, StringComparison.Ordinal);
        Assert.Equal(before, await Shell.RunAsync(_directory["back"], Listing));
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path, ".*"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("xz")]
    [InlineData("bzip2")]
    [InlineData("cat")]
    public async Task Build_CompressedTarWithoutRoot_IsTheTree(string compress)
    {
        await MakeLayersAsync();
        await Shell.RunAsync(_directory.Path, $"tar --sparse --xattrs --xattrs-include='*' --numeric-owner -c -C merged . | {compress} > root.tar");
        await BuildAsync(_directory["root.tar"], "root.img", "squashfs", asRoot: false);
        await ExtractAsync("root.img", "back");
        Assert.Equal(await Shell.RunAsync(_directory["merged"], Listing), await Shell.RunAsync(_directory["back"], Listing));
    }

    /// <summary>The same files from a tree, an archive in another order, and layers are the same bytes.</summary>
    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_TreeArchiveAndLayers_AreEqual(string format)
    {
        await MakeLayersAsync();
        await Shell.RunAsync(_directory.Path, "(cd merged; find . | sort -r | tar --sparse --no-recursion --xattrs --xattrs-include='*' --numeric-owner -cf ../back.tar -T -)");
        var sums = new List<string>();
        foreach (var source in new[] { "merged", "back.tar", "app" })
            sums.Add((await BuildAsync(_directory[source], "root.img", format, asRoot: true)).Sha256.ToString());
        Assert.Equal(sums[0], sums[1]);
        Assert.Equal(sums[0], sums[2]);
    }

    /// <summary>Names of no encoding, in a tree and in an archive: kept, and nothing is left behind.</summary>
    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_NamesThatAreNoText_AreKept(string format)
    {
        await Shell.RunAsync(_directory.Path, "mkdir -p work/tree; cd work; name=$(printf 'odd\\377\\001'); echo x > \"tree/$name\"; mkdir \"tree/d$name\"; tar -cf odd.tar -C tree .");
        try
        {
            var sums = new List<string>();
            foreach (var source in new[] { "work/tree", "work/odd.tar" })
            {
                sums.Add((await BuildAsync(_directory[source], "root.img", format, asRoot: true)).Sha256.ToString());
                Assert.Empty(Directory.GetFileSystemEntries(_directory.Path, ".*"));
            }
            Assert.Equal(sums[0], sums[1]);
            await ExtractAsync("root.img", "work/back");
            const string Names = "find . -printf '%P %y\\n' | LC_ALL=C sort | od -An -c";
            Assert.Equal(await Shell.RunAsync(_directory["work/tree"], Names), await Shell.RunAsync(_directory["work/back"], Names));
            var run = await CommandRun.RunAsync("image", "diff", _directory["root.img"], _directory["root.img"]);
            Assert.Contains("files: 0 added, 0 removed, 0 changed", run.Out, StringComparison.Ordinal);
        }
        finally
        {
            await Shell.RunAsync(_directory.Path, "rm -rf work");
        }
    }

    /// <summary>ext4 lists attributes in the order they were set; the image does not.</summary>
    [Theory]
    [InlineData("squashfs")]
    [InlineData("erofs")]
    public async Task Build_AttributesSetInAnotherOrder_AreEqual(string format)
    {
        await Shell.RunAsync(
            _directory.Path,
            """
            for t in a b; do mkdir $t; echo x > $t/f; chmod 755 $t; done; long=$(head -c 300 /dev/zero | tr '\0' x)
            setfattr -n user.one -v $long a/f; setfattr -n user.two -v 2 a/f; setfattr -n trusted.z -v 3 a/f
            setfattr -n trusted.z -v 3 b/f; setfattr -n user.two -v 2 b/f; setfattr -n user.one -v $long b/f
            """
        );
        var one = await BuildAsync(_directory["a"], "a.img", format, asRoot: true);
        var two = await BuildAsync(_directory["b"], "b.img", format, asRoot: true);
        Assert.Equal(one.Sha256, two.Sha256);
        await ExtractAsync("a.img", "back");
        Assert.Contains("trusted.z=\"3\"\nuser.one=\"xxx", await Shell.RunAsync(_directory["back"], "getfattr -d -m - f"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_SeveralImages_TagAndPlatformChoose()
    {
        await Shell.RunAsync(_directory.Path, "for t in one two arm; do mkdir $t; echo $t > $t/name; done");
        var layout = new OciLayoutFile(_directory["app"]);
        var one = layout.AddManifest(await layout.AddLayerAsync(_directory["one"], "gzip -n"));
        var two = layout.AddManifest(await layout.AddLayerAsync(_directory["two"], "gzip -n"));
        var arm = layout.AddManifest(await layout.AddLayerAsync(_directory["arm"], "gzip -n"));
        layout.Name(one, "app:1", "amd64");
        layout.Name(layout.AddIndex(OciLayoutFile.Entry(two, architecture: "amd64"), OciLayoutFile.Entry(arm, architecture: "arm64")), "app:2");
        foreach (var (options, name) in new[] { ("--ref app:1 --platform linux/amd64", "one"), ("--ref app:2 --platform linux/amd64", "two"), ("--ref app:2 --platform linux/arm64", "arm") })
        {
            var run = await CommandRun.RunAsync(["image", "build", _directory["app"], "-o", _directory["x.img"], .. options.Split(' ')]);
            Assert.True(run.Code == 0, run.Error);
            Assert.Equal(name, (await Shell.RunAsync(_directory.Path, "unsquashfs -cat x.img name")).Trim());
        }
        var unnamed = await CommandRun.RunAsync("image", "build", _directory["app"], "-o", _directory["x.img"], "--ref", "app:3");
        Assert.Equal((1, $"stateless: {_directory["app"]}: holds no image named app:3; there are app:1, app:2\n"), (unnamed.Code, unnamed.Error));
        var other = await CommandRun.RunAsync("image", "build", _directory["app"], "-o", _directory["x.img"], "--ref", "app:2", "--platform", "linux/riscv64");
        Assert.Contains("holds no image for linux/riscv64; there are linux/amd64, linux/arm64", other.Error, StringComparison.Ordinal);
    }

    /// <summary>Whatever is changed in a layout, no image is made of it.</summary>
    [Theory]
    [InlineData("f=$(ls -S blobs/sha256/* | head -1); printf x | dd of=$f bs=1 seek=40 conv=notrunc 2>/dev/null", " is sha256:")]
    [InlineData("f=$(ls -S blobs/sha256/* | head -1); rm $f", "is missing")]
    [InlineData("f=$(ls -S blobs/sha256/* | head -1); printf x >> $f", "bytes, expected")]
    [InlineData("sed -i 's/\"digest\":\"sha256:/\"digest\":\"sha256:..\\/..\\//' index.json", "expected sha256: and 64 hexadecimal digits")]
    [InlineData("for f in blobs/sha256/*; do head -c1 $f | grep -q '{' && printf ' ' >> $f; done; true", "bytes, expected")]
    [InlineData("echo '{' > index.json", "is no JSON")]
    [InlineData("echo '{}' > index.json", "manifests is missing")]
    [InlineData("rm index.json", "index.json is missing")]
    public async Task Build_BrokenLayout_IsRefusedInOneLine(string damage, string words)
    {
        await Shell.RunAsync(_directory.Path, "mkdir tree; head -c 9999 /dev/urandom > tree/random");
        var layout = new OciLayoutFile(_directory["app"]);
        layout.Name(layout.AddManifest(await layout.AddLayerAsync(_directory["tree"], "gzip -n")));
        await Shell.RunAsync(_directory["app"], damage);
        var run = await CommandRun.RunAsync("image", "build", _directory["app"], "-o", _directory["x.img"]);
        Assert.Equal(1, run.Code);
        Assert.StartsWith($"stateless: {_directory["app"]}: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.False(File.Exists(_directory["x.img"]));
    }

    [Fact]
    public async Task Build_LayerThatIsNotWhatItsDiffIdSays_IsRefused()
    {
        await Shell.RunAsync(_directory.Path, "mkdir tree; echo x > tree/f");
        var layout = new OciLayoutFile(_directory["app"]);
        var (blob, _) = await layout.AddLayerAsync(_directory["tree"], "gzip -n");
        layout.Name(layout.AddManifest((blob, "sha256:" + new string('0', 64))));
        var run = await CommandRun.RunAsync("image", "build", _directory["app"], "-o", _directory["x.img"]);
        Assert.Contains($"blob sha256:{new string('0', 64)} is sha256:", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Goal: an archive writes nothing outside of the image. Method: the ways known to lead out of a directory that is unpacked into.</summary>
    [Theory]
    [InlineData("import tarfile as t\na=t.open('x.tar','w')\ni=t.TarInfo('../out'); a.addfile(i)", "leads out of the tree")]
    [InlineData("import tarfile as t\na=t.open('x.tar','w')\ni=t.TarInfo('l'); i.type=t.SYMTYPE; i.linkname='DIR/victim'; a.addfile(i)\ni=t.TarInfo('l/f'); a.addfile(i)", "")]
    [InlineData("import tarfile as t\na=t.open('x.tar','w')\ni=t.TarInfo('h'); i.type=t.LNKTYPE; i.linkname='/etc/passwd'; a.addfile(i)", "which is not there")]
    public async Task Build_ArchiveThatLeadsOut_TouchesNothingThere(string script, string words)
    {
        Directory.CreateDirectory(_directory["victim"]);
        await File.WriteAllTextAsync(_directory["make.py"], script.Replace("DIR", _directory.Path, StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await Shell.RunAsync(_directory.Path, "python3 make.py");
        var run = await CommandRun.RunAsync("image", "build", _directory["x.tar"], "-o", _directory["x.img"]);
        Assert.Equal(words.Length == 0 ? 0 : 1, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_directory["victim"]));
        Assert.False(File.Exists(Path.Combine(Path.GetTempPath(), "out")));
    }

    [Fact]
    public async Task Build_BrokenArchives_AreSaidInOneLine()
    {
        await Shell.RunAsync(_directory.Path, "head -c 5000 /dev/urandom > noise; mkdir t; echo x > t/f; tar -cf empty.tar -T /dev/null; tar -cz t | head -c 90 > cut.gz; tar -c t | zstd -q | head -c 60 > cut.zst");
        foreach (var (name, words) in new[] { ("noise", "no tar archive"), ("cut.gz", "gzip ended with code 1"), ("empty.tar", "holds no file"), ("cut.zst", "zstd ended with code 1") })
        {
            var run = await CommandRun.RunAsync("image", "build", _directory[name], "-o", _directory["x.img"]);
            Assert.Equal(1, run.Code);
            Assert.StartsWith($"stateless: {_directory[name]}: ", run.Error, StringComparison.Ordinal);
            Assert.Contains(words, run.Error, StringComparison.Ordinal);
            Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Theory]
    [InlineData("", "no line names the suite")]
    [InlineData("--variant=minbase\n# only a comment", "no line names the suite")]
    [InlineData("-q\nbookworm", "line 1: -q: expected an option")]
    [InlineData("bookworm\n--format=tar", "line 2: --format is not for a recipe to say")]
    [InlineData("bookworm\n--simulate", "line 2: --simulate is not for a recipe to say")]
    public async Task Build_WrongRecipe_NamesTheLine(string text, string words)
    {
        await File.WriteAllTextAsync(_directory["web.mmdebstrap"], text, TestContext.Current.CancellationToken);
        var run = await CommandRun.RunAsync("image", "build", _directory["web.mmdebstrap"], "-o", _directory["x.img"]);
        Assert.Equal(1, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Goal: a recipe becomes an image, twice the same. Method: mmdebstrap unpacks two small packages of the machine's own sources; what it
    /// is told is seen by a hook.
    /// </summary>
    [Fact]
    public async Task Build_Recipe_MakesADebianTreeTwiceTheSame()
    {
        var sources = (await Shell.RunAsync("/etc/apt", "ls -d $PWD/sources.list $PWD/sources.list.d/*.list $PWD/sources.list.d/*.sources 2>/dev/null || true")).Trim();
        await File.WriteAllTextAsync(
            _directory["small.mmdebstrap"],
            $"""
            # two packages, unpacked and not set up
            --mode=root
            --variant=extract
            --include=busybox-static,tzdata
            --extract-hook=echo "made for $SOURCE_DATE_EPOCH" > "$1/made"

            bookworm
            {sources}
            """,
            TestContext.Current.CancellationToken
        );
        var one = await BuildAsync(_directory["small.mmdebstrap"], "one.img", "squashfs", asRoot: true);
        var two = await BuildAsync(_directory["small.mmdebstrap"], "two.img", "squashfs", asRoot: true);
        Assert.Equal(one.Sha256, two.Sha256);
        Assert.Equal("made for 0", (await Shell.RunAsync(_directory.Path, "unsquashfs -cat one.img made")).Trim());
        Assert.Contains("squashfs-root/bin/busybox", await Shell.RunAsync(_directory.Path, "unsquashfs -l one.img"), StringComparison.Ordinal);
    }

    private async Task<BuiltImage> BuildAsync(string source, string output, string format, bool asRoot)
    {
        var request = new ImageRequest
        {
            Source = source,
            Output = _directory[output],
            Format = format == "erofs" ? ImageFormat.Erofs : ImageFormat.SquashFs,
            Level = asRoot ? 1 : null,
        };
        var builder = new ImageBuilder(new ToolLocator(Environment.GetEnvironmentVariable("PATH")), asRoot);
        return await builder.BuildAsync(request, new Progress<ProgressStep>(), TestContext.Current.CancellationToken);
    }

    private async Task ExtractAsync(string image, string directory)
    {
        var run = await CommandRun.RunAsync("image", "extract", _directory[image], _directory[directory]);
        Assert.True(run.Code == 0, run.Error);
    }

    // Layers "app" (an OCI layout), and "merged", what they are together.
    private async Task MakeLayersAsync()
    {
        await Shell.RunAsync(
            _directory.Path,
            """
            mkdir l1 l2 l3
            ( cd l1; mkdir -p etc usr/lib usr/bin 'odd name' old/deep; ln -s usr/lib lib; head -c 200000 /dev/urandom > usr/lib/big; echo a > etc/a; echo b > etc/b; echo o > old/deep/o
              cp /bin/true usr/bin/ping; setcap cap_net_raw+ep usr/bin/ping; setfattr -n user.origin -v l1 etc/a; mknod null c 1 3; mkfifo pipe; echo ü > 'odd name/ütf'; chmod 1777 old
              truncate -s 3M sparse; printf x | dd of=sparse bs=1 seek=1000000 conv=notrunc 2>/dev/null; chown 1234:5678 etc/b )
            ( cd l2; mkdir -p usr/lib etc old usr/bin; echo late > usr/lib/late; : > etc/.wh.a; : > old/.wh..wh..opq; echo new > old/new; chmod 700 etc; cp /bin/false usr/bin/no; chmod 4755 usr/bin/no )
            ( cd l3; mkdir -p etc usr/bin; : > .wh.pipe; echo again > etc/a; ln etc/a usr/bin/hard; ln -s ../nowhere usr/bin/dangling )
            chmod 755 l1 l2 l3
            cp -a l1 merged
            ( cd merged; rm etc/a; rm -r old/deep; chmod 755 old; echo late > usr/lib/late; echo new > old/new; chmod 700 etc; cp -a ../l2/usr/bin/no usr/bin/; rm pipe
              cp -a ../l3/etc/a etc/a; ln etc/a usr/bin/hard; ln -s ../nowhere usr/bin/dangling; chmod 755 etc )
            """
        );
        var layout = new OciLayoutFile(_directory["app"]);
        layout.Name(
            layout.AddManifest(
                await layout.AddLayerAsync(_directory["l1"], "gzip -n"),
                await layout.AddLayerAsync(_directory["l2"], "zstd -q", "application/vnd.oci.image.layer.v1.tar+zstd"),
                await layout.AddLayerAsync(_directory["l3"], "cat", "application/vnd.oci.image.layer.v1.tar")
            )
        );
    }
}
